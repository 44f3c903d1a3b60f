"""One watched token: who watches it, and the state of polling it, packed while that waits."""

from typing import TYPE_CHECKING

from hum_async._polling.watched_session import WatchedSession, packed_due, packed_sent_at

if TYPE_CHECKING:
    from hum_async._polling.mailbox import Mailbox


class WatchedToken:
    """A token that streams watch.

    Args:
        token: The session token.
        mailboxes: The mailboxes of the streams that watch it; empty once nobody does or can any
            more. Of very many tokens a look at them is nearer than one into a mapping of tokens.

    `awake` is the state of polling it; None before the first poll, and while it sleeps. Of very
    many tokens nearly all wait for their next poll, and asleep one takes a third of the memory.
    """

    __slots__ = ("_asleep", "awake", "mailboxes", "token")

    def __init__(self, token: str, mailboxes: "tuple[Mailbox, ...]") -> None:
        self.token = token
        self.mailboxes = mailboxes
        self.awake: WatchedSession | None = None
        self._asleep: bytes | None = None

    @property
    def resting(self) -> bool:
        """Whether no stream that watches it has a reader."""
        # Looked at with each poll; a generator takes three times as long.
        for mailbox in self.mailboxes:  # noqa: SIM110
            if not mailbox.resting:
                return False
        return True

    @property
    def asleep(self) -> bool:
        """Whether the state of polling it is packed."""
        return self.awake is None and self._asleep is not None

    @property
    def due(self) -> float:
        """When the next poll is due; 0 before the first one."""
        if self.awake is not None:
            return self.awake.due
        return 0.0 if self._asleep is None else packed_due(self._asleep)

    @property
    def throttled(self) -> bool:
        """Whether its last poll was answered 429."""
        return self.awake is not None and self.awake.throttles > 0

    @property
    def sent_at(self) -> float:
        """When the last poll was sent; 0 before the first one."""
        if self.awake is not None:
            return self.awake.sent_at
        return 0.0 if self._asleep is None else packed_sent_at(self._asleep)

    def unpacked(self, new: WatchedSession) -> WatchedSession:
        """Return the state of polling it while it is not awake, which it is no more than before.

        Args:
            new: A state before the first poll, which is given what is known; where it is asleep
                also one of another token that is asleep.
        """
        if self._asleep is not None:
            new.unpack(self._asleep, self.token)
        return new

    def sleep(self) -> bool:
        """Pack the state of polling it until it is due; return whether it could be."""
        if self.awake is None or (packed := self.awake.pack()) is None:
            return False
        self.awake, self._asleep = None, packed
        return True
