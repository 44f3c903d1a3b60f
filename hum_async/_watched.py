"""One watched token: where it stands, its last answer kept small, and who wants to know of it."""

import zlib
from typing import TYPE_CHECKING

import attrs

from hum_async._follow import Follow
from hum_async._wire import decode_internet, decode_session
from hum_async.models import Session

if TYPE_CHECKING:
    from hum_async._channel import Channel

__all__ = ["Shelf", "Watched", "same_but_for_time"]

_STAMP = b'"responded_at"'
_PACKED = b"\0"
"""How a packed answer begins; no JSON does."""


def same_but_for_time(one: bytes, other: bytes) -> bool:
    """Whether two answers differ in nothing but when they were written, which every one does.

    Compared as bytes, which costs a twentieth of decoding: most polls of a session find what the
    one before found.
    """
    if one == other:
        return True
    if len(one) != len(other):
        return False
    name = one.find(_STAMP)
    begin = one.find(b'"', name + len(_STAMP))
    end = one.find(b'"', begin + 1)
    if name < 0 or one[name + len(_STAMP) : begin].strip() != b":":
        return False
    return other.startswith(one[:begin]) and other.endswith(one[end:])


class Shelf:
    """Keeps the answers of many sessions in little memory: packed against the first of them.

    Args:
        few: Answers up to which it is not worth the time.
    """

    _WINDOW = -10
    """Raw deflate with a window of 1 KB: room for two answers, and hardly any memory to set up."""

    def __init__(self, few: int = 5_000) -> None:
        self._few = few
        self._first: bytes | None = None

    def pack(self, body: bytes, *, among: int) -> bytes:
        """Return what to keep of an answer, being one of so many."""
        if among <= self._few:
            return body
        if self._first is None:
            self._first = body
        packer = zlib.compressobj(1, zlib.DEFLATED, self._WINDOW, 1, zdict=self._first)
        return b"".join((_PACKED, packer.compress(body), packer.flush()))

    def unpack(self, kept: bytes) -> bytes:
        """Return the answer that is kept so."""
        if not kept.startswith(_PACKED):
            return kept
        return zlib.decompressobj(self._WINDOW, zdict=self._first or b"").decompress(kept[1:])


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
    _kept: bytes | None = attrs.field(default=None, init=False)
    _processing: bool = attrs.field(default=False, init=False)

    @property
    def session(self) -> Session | None:
        """The last answer, decoded anew if need be."""
        if self._session is None and self._kept is not None:
            decode = decode_internet if self.source == "internet" else decode_session
            body = self.shelf.unpack(self._kept)
            self._session = decode(body, token=self.token, processing=self._processing)
        return self._session

    def has_seen(self, body: bytes, *, processing: bool) -> bool:
        """Whether an answer tells nothing that the last one did not."""
        if self._kept is None or processing is not self._processing:
            return False
        return same_but_for_time(self.shelf.unpack(self._kept), body)

    def keep(self, body: bytes, *, processing: bool, among: int) -> None:
        """Remember the last answer, being one of so many."""
        self._kept, self._processing = self.shelf.pack(body, among=among), processing
        # Its decoded form is let go of where there are very many, and where it is an older one.
        if self._kept is not body or self.is_unchanged:
            self._session = None
