"""The state of polling one watched token, and its last raw answer."""

import struct

import attrs

from hum_async._api.endpoints import ApiRequest, poll_request
from hum_async._polling.response_store import PACKED, ResponseStore
from hum_async._polling.session_poll import SessionPoll
from hum_async.models import Session, UpdateKind

_STATE = struct.Struct("<6dIIB")
"""What is packed before the answer: six times and durations, two counts, and a flag."""
_SENT_AT = 5
"""Which of them is the time of the last poll."""


@attrs.define(eq=False, repr=False, weakref_slot=False)
class WatchedSession(SessionPoll):
    """The state of polling one token.

    Args:
        store: Keeps its last raw answer, from which `session` is decoded when it is needed: a
            decoded answer takes ten times the memory.
    """

    store: ResponseStore = attrs.field(kw_only=True)
    _request: ApiRequest[Session] | None = attrs.field(default=None, init=False)
    _kept: bytes | None = attrs.field(default=None, init=False)
    _processing: bool = attrs.field(default=False, init=False)
    # Kept only where the answer is not packed: it would take as much room again.
    _request_id: str | None = attrs.field(default=None, init=False)

    @property
    def session(self) -> Session | None:
        """The last answer, decoded anew if need be."""
        if self._session is None and self._kept is not None:
            from hum_async._api.decoding import decode_internet, decode_session  # noqa: PLC0415  see `_api.warming`

            decode = decode_internet if self.source == "internet" else decode_session
            body = self.store.unpack(self._kept, token=self.token.encode())
            session = decode(body, token=self.token, processing=self._processing)
            if self._request_id is not None:  # a copy takes half as long as to decode
                session = attrs.evolve(session, request_id=self._request_id)
            self._session = session
        return self._session

    def request(self) -> ApiRequest[Session]:
        """Return the request that polls it; made once, unless very many tokens are watched."""
        if (request := self._request) is not None:
            return request
        request = poll_request(self.token, source=self.source)
        if not self.packed:
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
        """Return whether an answer equals the last one except for `responded_at`.

        If it does, it takes its place.
        """
        kept = self._kept
        if kept is None or processing is not self._processing:
            return False
        kept = self.store.repeated(kept, body)
        if kept is None:
            return False
        self._kept, self._session, self._request_id = kept, None, None
        return True

    @property
    def packed(self) -> bool:
        """Whether its last answer is packed."""
        return self._kept is not None and self._kept.startswith(PACKED)

    def name_answer(self, request_id: str | None) -> None:
        """Remember the server's id of the request that gave the last answer, unless that is packed.

        It would take as much room again.
        """
        if not self.packed:
            self._request_id = request_id

    def pack(self) -> bytes | None:
        """Return what `unpack` makes this state of again; None if that cannot be told so shortly.

        A number takes 8 bytes here, and 40 as the value of a field. Nothing is left out: what has a
        packed answer and was not refused is `CHANGED`, and due after the delay that was planned.
        """
        kept = self._kept
        if kept is None or not kept.startswith(PACKED) or self.throttles:
            return None
        state = _STATE.pack(
            self._spent,
            self._charged_until,
            self._planned,
            self._planned_from,
            self._first_sent,
            self._sent,
            self.polls,
            self._unchanged,
            self._processing,
        )
        return state + kept

    def unpack(self, packed: bytes, token: str) -> None:
        """Be the state that was packed; this one must be new, or have been packed itself.

        Args:
            packed: What `pack` returned.
            token: Whose state it is.
        """
        self.token = token
        (
            self._spent,
            self._charged_until,
            self._planned,
            planned_from,
            self._first_sent,
            self._sent,
            self.polls,
            self._unchanged,
            processing,
        ) = _STATE.unpack_from(packed)
        self._processing = bool(processing)
        self._kept = packed[_STATE.size :]
        self._session = self._request = self._request_id = None
        self._chargeable = self._planned
        self._planned_from, self.due = planned_from, planned_from + self._planned
        self.kind = UpdateKind.CHANGED


def packed_due(packed: bytes) -> float:
    """Return when the next poll is due by a packed state."""
    _, _, planned, planned_from, *_ = _STATE.unpack_from(packed)
    return float(planned_from + planned)


def packed_sent_at(packed: bytes) -> float:
    """Return when the last poll was sent by a packed state."""
    return float(_STATE.unpack_from(packed)[_SENT_AT])
