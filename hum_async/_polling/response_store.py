"""The last raw answer of each watched session, kept small, and whether a new one says the same."""

import zlib

_STAMP = b'"responded_at"'
PACKED = b"\0"
"""How a packed answer begins; no JSON does."""
_HOLE = b"\1"
"""Stands for the token in a packed answer; no JSON holds it."""
_LONGEST_STAMP = 255
"""Bytes of a time; a longer one is none."""


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

    __slots__ = ("_first", "_packer", "few")

    _WINDOW = -10
    """Raw deflate with a window of 1 KB: room for two answers, and hardly any memory to set up."""

    def __init__(self, few: int = 1_000) -> None:
        self.few = few
        self._first = b""
        self._packer: zlib._Compress | None = None

    def pack(self, body: bytes, *, among: int, token: bytes = _HOLE) -> bytes:
        """Return what to keep of an answer, being one of so many.

        Args:
            body: The answer.
            among: How many answers are kept.
            token: What tells it from those of other sessions, so that it need not be kept.
        """
        if among <= self.few or _HOLE in body:
            return body
        at = stamp_in(body)
        if at.stop - at.start > _LONGEST_STAMP:
            return body
        # When it was written stands in front, where it can be changed without packing again.
        stamp, rest = body[at], _cut(body, at).replace(token, _HOLE)
        if self._packer is None:
            self._first = rest
            self._packer = zlib.compressobj(3, zlib.DEFLATED, self._WINDOW, 4, zdict=rest)
        packer = self._packer.copy()
        length = bytes((len(stamp),))
        return b"".join((PACKED, length, stamp, packer.compress(rest), packer.flush()))

    def unpack(self, kept: bytes, *, token: bytes = _HOLE) -> bytes:
        """Return the answer that is kept so; the token is that of `pack`."""
        if not kept.startswith(PACKED):
            return kept
        rest = self._unpacked(kept).replace(_HOLE, token)
        at = stamp_in(rest).start
        return b"".join((rest[:at], kept[2 : 2 + kept[1]], rest[at:]))

    def repeats(self, kept: bytes, body: bytes, *, token: bytes = _HOLE) -> bool:
        """Return whether an answer differs in nothing but its time from what is kept.

        Args:
            kept: What is kept.
            body: The answer.
            token: That of `pack`.
        """
        if not kept.startswith(PACKED):
            return same_but_for_time(kept, body)
        at = stamp_in(body)
        if _HOLE in body or at.stop - at.start > _LONGEST_STAMP:
            return False
        # Without time and token, so that neither has to be put back where it was.
        return _cut(body, at).replace(token, _HOLE) == self._unpacked(kept)

    def _unpacked(self, kept: bytes) -> bytes:
        """Return a packed answer without its time and its token."""
        packed = kept[2 + kept[1] :]
        return zlib.decompressobj(self._WINDOW, zdict=self._first).decompress(packed)

    def restamp(self, kept: bytes, body: bytes) -> bytes:
        """Return what is kept of an answer, once another repeats all of it but its time."""
        if not kept.startswith(PACKED):
            return body
        stamp = body[stamp_in(body)]
        return b"".join((PACKED, bytes((len(stamp),)), stamp, kept[2 + kept[1] :]))


def _cut(body: bytes, part: slice) -> bytes:
    return body[: part.start] + body[part.stop :]
