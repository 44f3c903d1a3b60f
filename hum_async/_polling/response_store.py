"""The last raw answer of each watched session, kept small, and whether a new one says the same."""

import zlib

_STAMP = b'"responded_at"'
PACKED = b"\0"
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


class ResponseStore:
    """Keeps the answers of many sessions in little memory: packed against the first of them.

    Args:
        few: Answers up to which it is not worth the time.
    """

    _WINDOW = -10
    """Raw deflate with a window of 1 KB: room for two answers, and hardly any memory to set up."""

    def __init__(self, few: int = 1_000) -> None:
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
        return b"".join((PACKED, packer.compress(body), packer.flush()))

    def unpack(self, kept: bytes) -> bytes:
        """Return the answer that is kept so."""
        if not kept.startswith(PACKED):
            return kept
        return zlib.decompressobj(self._WINDOW, zdict=self._first).decompress(kept[1:])
