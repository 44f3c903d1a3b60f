"""One watched token: where it stands, its last answer kept small, and who wants to know of it."""

from typing import TYPE_CHECKING

import attrs

from hum_async._api.decoding import decode_internet, decode_session
from hum_async._api.endpoints import ApiRequest, poll_request
from hum_async._polling.response_store import PACKED, ResponseStore, same_but_for_time, stamp_in
from hum_async._polling.session_poll import SessionPoll
from hum_async.models import Session

if TYPE_CHECKING:
    from hum_async._polling.mailbox import Mailbox

__all__ = ["WatchedSession"]


@attrs.define(eq=False, repr=False, weakref_slot=False)
class WatchedSession(SessionPoll):
    """The state of one token that is watched.

    Args:
        shelf: Packs its last answer, of which nothing else is kept: a decoded one takes ten times
            the memory, and is asked for only when something changes.
        channels: The streams that want to know of it.
    """

    shelf: ResponseStore = attrs.field(kw_only=True)
    channels: "tuple[Mailbox, ...]" = attrs.field(kw_only=True)
    _call: ApiRequest[Session] | None = attrs.field(default=None, init=False)
    _kept: bytes | None = attrs.field(default=None, init=False)
    _stamp: bytes | None = attrs.field(default=None, init=False)
    _processing: bool = attrs.field(default=False, init=False)

    @property
    def session(self) -> Session | None:
        """The last answer, decoded anew if need be."""
        if self._session is None and self._kept is not None:
            decode = decode_internet if self.source == "internet" else decode_session
            body = self.shelf.unpack(self._kept)
            if self._stamp is not None:
                at = stamp_in(body)
                body = b"".join((body[: at.start], self._stamp, body[at.stop :]))
            self._session = decode(body, token=self.token, processing=self._processing)
        return self._session

    def call(self) -> ApiRequest[Session]:
        """Return how to ask for it; made once, but for very many."""
        call = self._call or poll_request(self.token, source=self.source)
        if self._kept is None or not self._kept.startswith(PACKED):
            self._call = call
        return call

    def keep(self, body: bytes, *, processing: bool, among: int) -> None:
        """Remember the last answer, being one of so many."""
        self._kept, self._processing = self.shelf.pack(body, among=among), processing
        self._stamp = None
        if self._kept is not body:
            self._session = self._call = None

    def is_again(self, body: bytes, *, processing: bool) -> bool:
        """Whether an answer says what the last one said; if so, only its time is remembered."""
        kept = self._kept
        if kept is None or processing is not self._processing:
            return False
        if not same_but_for_time(self.shelf.unpack(kept), body):
            return False
        if kept.startswith(PACKED):
            self._stamp = body[stamp_in(body)]
        else:
            self._kept = body
        self._session = None
        return True
