"""How far a job is on its way to its end."""

import attrs


@attrs.define(eq=False)
class JobState:
    """What the parts of a job have to know of each other's progress.

    Attributes:
        sending: All settled rows are out, so that requests may be sent.
        resting: The reader was cancelled and has not come back.
        exhausted: No row is left to read.
        stopping: `stop` was called: nothing new is begun.
        gave_up: Some addresses will not be bought.
        ended: It is over.
        failure: What ends it; None for nothing.
    """

    sending: bool = False
    resting: bool = False
    exhausted: bool = False
    stopping: bool = False
    gave_up: bool = False
    ended: bool = False
    failure: Exception | None = None

    @property
    def may_send(self) -> bool:
        """Whether requests may be sent."""
        return self.sending and self.failure is None and not self.resting

    @property
    def winds_down(self) -> bool:
        """Whether nothing new is begun, at least for now."""
        return self.stopping or self.resting or self.failure is not None

    @property
    def goes_on(self) -> bool:
        """Whether it is neither over nor on its way to that."""
        return not (self.winds_down or self.ended)
