"""What the owner of look-ups does around each of their requests."""

from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._purchases.refusals import ClaimRefused
from hum_async.models import Qualification


class LookupObserver:
    """What the owner of a queue does around each request; by default nothing.

    What a method raises ends the look-up as a failure (`failed`).
    """

    async def begin(
        self, lookup: Lookup, now: float, active: float, *, digest: bytes | None = None
    ) -> Qualification | None:
        """Return the result of a look-up that needs no request; None if it does.

        Args:
            lookup: A look-up before its first step; it may adopt a session.
            now: Present time.
            active: Present time less all pauses.
            digest: What is known of its address; None if the look-up has that itself.
        """
        del lookup, now, active, digest
        return None

    def is_awaited(self, lookup: Lookup) -> bool:
        """Whether somebody else waits for the result of a look-up."""
        del lookup
        return False

    def ended(self, lookup: Lookup) -> None:
        """Forget a look-up of which at most its DELETE is left, whatever ended it."""

    def end_all(self) -> None:
        """Forget all look-ups: nothing more is sent."""

    async def before_create(self, lookup: Lookup) -> None:
        """Make safe that a POST is about to be sent. No request is sent before this returns.

        Raises:
            ClaimRefused: It must not be sent, because of another process.
        """

    def claim_refused(self, lookup: Lookup, refusal: ClaimRefused) -> None:
        """Take a look-up back that must not send its POST. The queue has forgotten it."""
        del lookup
        raise refusal

    def create_had_no_effect(self, lookup: Lookup) -> None:
        """Record that a POST certainly had no effect, because the key or the client is refused."""

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Make safe what the answer to a step showed. No later step begins before this returns."""

    def dropped(self, lookup: Lookup) -> None:
        """Record that a look-up is not begun (again), because the queue was stopped."""

    def failed(self, lookup: Lookup, error: Exception) -> None:
        """Record an error that no answer explains: the key is refused, or it is a bug."""
