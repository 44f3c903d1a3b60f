"""One watched token: the state of polling it, its last raw answer, and who watches it."""

from typing import TYPE_CHECKING

import attrs

from hum_async._api.endpoints import ApiRequest, poll_request
from hum_async._polling.response_store import PACKED, ResponseStore, same_but_for_time
from hum_async._polling.session_poll import SessionPoll
from hum_async.models import Session

if TYPE_CHECKING:
    from hum_async._polling.mailbox import Mailbox


@attrs.define(eq=False, repr=False, weakref_slot=False)
class WatchedSession(SessionPoll):
    """The state of polling one token for any number of streams.

    Args:
        store: Keeps its last raw answer, from which `session` is decoded when it is needed: a
            decoded answer takes ten times the memory.
        mailboxes: The mailboxes of the streams that watch it.
    """

    store: ResponseStore = attrs.field(kw_only=True)
    mailboxes: "tuple[Mailbox, ...]" = attrs.field(kw_only=True)
    _request: ApiRequest[Session] | None = attrs.field(default=None, init=False)
    _kept: bytes | None = attrs.field(default=None, init=False)
    _processing: bool = attrs.field(default=False, init=False)
    # Kept only where the answer is not packed: it would take as much room again.
    _request_id: str | None = attrs.field(default=None, init=False)

    @property
    def resting(self) -> bool:
        """Whether no stream that watches it has a reader."""
        # Looked at with each poll; a generator takes three times as long.
        for mailbox in self.mailboxes:  # noqa: SIM110
            if not mailbox.resting:
                return False
        return True

    @property
    def session(self) -> Session | None:
        """The last answer, decoded anew if need be."""
        if self._session is None and self._kept is not None:
            from hum_async._api.decoding import decode_internet, decode_session  # noqa: PLC0415  see `_api.warming`

            decode = decode_internet if self.source == "internet" else decode_session
            body = self.store.unpack(self._kept, token=self.token.encode())
            session = decode(body, token=self.token, processing=self._processing)
            self._session = attrs.evolve(session, request_id=self._request_id)
        return self._session

    def request(self) -> ApiRequest[Session]:
        """Return the request that polls it; made once, unless very many tokens are watched."""
        request = self._request or poll_request(self.token, source=self.source)
        if self._kept is None or not self._kept.startswith(PACKED):
            self._request = request
        return request

    def keep(self, body: bytes, *, processing: bool, among: int) -> None:
        """Remember the last answer.

        Args:
            body: The answer.
            processing: It was answered 202.
            among: Number of watched sessions, by which the store decides whether to pack it.
        """
        self._kept = self.store.pack(body, among=among, token=self.token.encode())
        self._processing = processing
        self._request_id = self._session.request_id if self._session is not None else None
        if self._kept is not body:
            self._session = self._request = self._request_id = None

    def repeats(self, body: bytes, *, processing: bool) -> bool:
        """Return whether an answer equals the last one except for `responded_at`."""
        kept = self._kept
        if kept is None or processing is not self._processing:
            return False
        if kept.startswith(PACKED):
            kept = self.store.unpack(kept, token=self.token.encode())
        return same_but_for_time(kept, body)

    def keep_stamp(self, body: bytes, *, request_id: str | None = None) -> None:
        """Remember when an answer that repeats the last one was given.

        Args:
            body: The answer.
            request_id: The server's id of the request.
        """
        if self._kept is not None and self._kept.startswith(PACKED):
            self._kept = self.store.restamp(self._kept, body)
        else:
            self._kept, self._request_id = body, request_id
        self._session = None
