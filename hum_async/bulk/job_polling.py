"""When a job looks at its sessions: learned, and the later the more work is left. Synchronous."""

from collections.abc import Callable

import attrs

from hum_async._polling.policies import LearnedPolling, Poll, PollPolicy

LONGEST_GAP = 26.0
"""Seconds that a job waits at most before it looks.

A look that is late by the wait for its slot still comes within the 30 s, and another one remains.
"""


@attrs.define(eq=False)
class JobPolling:
    """The learned delays of one job, for each of three probabilities that a poll finds the answer.

    Under a limit each poll that finds nothing takes its slot from another address, and nobody waits
    for a single answer of a long job. So while much is left, the first poll is late, and nearly
    always finds the answer (`patient`). For the last sessions slots are idle, and the end of the
    job waits for them (`eager`). Where more work is left than may be under way, an answer that is
    found sooner makes room sooner, and the middle serves best (`usual`).

    Attributes:
        left: Returns how many sessions are open or wait to be opened; None if the limit is not what
            holds the job up.
    """

    MUCH = 20
    """Sessions from which on much is left: of so many, the one that takes longest is not found
    sooner by looking early at each of them."""

    left: Callable[[], int | None]
    # The first guesses are as far apart as the delays. To begin late in a long job costs nothing;
    # to begin early costs one more request for each session of the first wave.
    patient: LearnedPolling = attrs.field(
        factory=lambda: LearnedPolling(p=0.97, first=14.0, later=7.0, max_interval=LONGEST_GAP)
    )
    usual: LearnedPolling = attrs.field(factory=lambda: LearnedPolling(max_interval=LONGEST_GAP))
    eager: LearnedPolling = attrs.field(
        factory=lambda: LearnedPolling(p=0.3, first=5.0, later=2.5, max_interval=LONGEST_GAP)
    )

    def session(self) -> PollPolicy:
        """Return the policy of one more session."""
        return _SessionPolling(self)

    def for_first(self) -> LearnedPolling:
        """Return what plans the first poll of a session."""
        left = self.left()
        if left is None:
            return self.usual
        return self.patient if left >= self.MUCH else self.eager

    def for_later(self) -> LearnedPolling:
        """Return what plans another poll of a session.

        Few sessions need one, and their time for polling is nearly over: there is little to be
        saved by waiting long, and much to be lost.
        """
        left = self.left()
        return self.usual if left is None or left >= self.MUCH else self.eager


@attrs.define(eq=False)
class _SessionPolling:
    """The policy of one session: its polls teach the delay with which they were planned."""

    _job: JobPolling
    _planned_by: LearnedPolling | None = attrs.field(default=None, init=False)

    @property
    def budget(self) -> float | None:
        """As of all sessions."""
        return self._job.patient.budget

    def first(self) -> float:
        """Return the delay to the first poll, for the work that is left now."""
        self._planned_by = self._job.for_first()
        return self._planned_by.first()

    def after(self, poll: Poll) -> float:
        """Learn from the poll; return the delay to the next, for the work that is left now."""
        if self._planned_by is not None:  # a session that was adopted is polled at once
            self._planned_by.after(poll)
        self._planned_by = self._job.for_later()
        return self._planned_by.later()
