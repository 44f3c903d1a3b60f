"""One watched token: where it stands, its last answer kept small, and who wants to know of it."""

import zlib
from typing import TYPE_CHECKING

import attrs

from hum_async._calls import Call, poll_call
from hum_async._follow import Follow
from hum_async._wire import decode_internet, decode_session
from hum_async.models import Session

if TYPE_CHECKING:
    from hum_async._channel import Channel

__all__ = ["Shelf", "Watched", "same_but_for_time"]

_STAMP = b'"responded_at"'
_PACKED = b"\0"
"""How a packed answer begins; no JSON does."""


def stamp_in(body: bytes) -> slice:
    """Return where an answer says when it was written; nowhere is an empty slice at its end."""
    name = body.find(_STAMP)
    begin = body.find(b'"', name + len(_STAMP)) + 1
    end = body.find(b'"', begin)
    if name < 0 or end < 0 or body[name + len(_STAMP) : begin].strip() != b':"':
        return slice(len(body), len(body))
    return slice(begin, end)


def same_but_for_time(one: bytes, other: bytes) -> bool:
    """Whether two answers differ in nothing but when they were written, which every one does.

    Compared as bytes, which costs a twentieth of decoding: most polls of a session find what the
    one before found.
    """
    if one == other:
        return True
    if len(one) != len(other):
        return False
    stamp = stamp_in(one)
    if b'"' in other[stamp]:
        return False
    return other.startswith(one[: stamp.start]) and other.endswith(one[stamp.stop :])


class Shelf:
    """Keeps the answers of many sessions in little memory: packed against the first of them.

    Args:
        few: Answers up to which it is not worth the time.
    """

    _WINDOW = -10
    """Raw deflate with a window of 1 KB: room for two answers, and hardly any memory to set up."""

    def __init__(self, few: int = 5_000) -> None:
        self._few = few
        self._first = b""
        self._packer: zlib._Compress | None = None

    def pack(self, body: bytes, *, among: int) -> bytes:
        """Return what to keep of an answer, being one of so many."""
        if among <= self._few:
            return body
        if self._packer is None:
            self._first = body
            self._packer = zlib.compressobj(6, zlib.DEFLATED, self._WINDOW, 4, zdict=body)
        packer = self._packer.copy()
        return b"".join((_PACKED, packer.compress(body), packer.flush()))

    def unpack(self, kept: bytes) -> bytes:
        """Return the answer that is kept so."""
        if not kept.startswith(_PACKED):
            return kept
        return zlib.decompressobj(self._WINDOW, zdict=self._first).decompress(kept[1:])


@attrs.define(eq=False, repr=False, weakref_slot=False)
class Watched(Follow):
    """The state of one token that is watched.

    Args:
        shelf: Packs its last answer, of which nothing else is kept: a decoded one takes ten times
            the memory, and is asked for only when something changes.
        channels: The streams that want to know of it.
    """

    shelf: Shelf = attrs.field(kw_only=True)
    channels: "tuple[Channel, ...]" = attrs.field(kw_only=True)
    _call: Call[Session] | None = attrs.field(default=None, init=False)
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

    def call(self) -> Call[Session]:
        """Return how to ask for it; made once, but for very many."""
        call = self._call or poll_call(self.token, source=self.source)
        if self._kept is None or not self._kept.startswith(_PACKED):
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
        if kept.startswith(_PACKED):
            self._stamp = body[stamp_in(body)]
        else:
            self._kept = body
        self._session = None
        return True
