"""The last raw answer of each watched session, kept small, and whether a new one says the same."""

import struct
import zlib

_STAMP = b'"responded_at"'
_STAMP_BEGINS = b'"responded_at":"'
PACKED = b"\0"
"""How a packed answer begins; no JSON does."""
_HOLE = b"\1"
"""Stands for the token in a packed answer; no JSON holds it."""
_LONGEST_STAMP = 255
"""Bytes of a time; a longer one is none."""
_HEAD = struct.Struct("<cqB")
"""What stands before a packed answer: `PACKED`, its fingerprint, and the length of the time that
follows."""


def stamp_in(body: bytes) -> tuple[int, int]:
    """Return from where to where an answer says when it was written; from end to end if nowhere."""
    # As the API writes it. Every answer comes by here, and `find` takes half as long again.
    before, name, after = body.partition(_STAMP_BEGINS)
    stamp, quote, _ = after.partition(b'"')
    if quote:
        begin = len(before) + len(name)
        return begin, begin + len(stamp)
    # As others may: with blanks.
    before, name, after = body.partition(_STAMP)
    colon, quote, after = after.partition(b'"')
    stamp, end, _ = after.partition(b'"')
    if end and colon.strip() == b":":
        begin = len(before) + len(name) + len(colon) + len(quote)
        return begin, begin + len(stamp)
    return len(body), len(body)


def same_but_for_time(one: bytes, other: bytes) -> bool:
    """Whether two answers differ in nothing but when they were written, which every one does.

    Compared as bytes, which costs a twentieth of decoding: most polls of a session find what the
    one before found.
    """
    if one == other:
        return True
    if len(one) != len(other):
        return False
    begin, end = stamp_in(one)
    if b'"' in other[begin:end]:
        return False
    return other.startswith(one[:begin]) and other.endswith(one[end:])


class ResponseStore:
    """Keeps the answers of many sessions in little memory: packed against the first of them.

    A packed answer keeps a fingerprint of 64 bits, by which the next one is compared with it: to
    unpack it would take ten times as long. A key that differs from process to process goes into
    it, so that no server can find two answers with one fingerprint; by chance, one change in 10^19
    would be taken for none.

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
        begin, end = stamp_in(body)
        if end - begin > _LONGEST_STAMP:
            return body
        # When it was written stands in front, where it can be changed without packing again.
        rest = body[:begin] + body[end:]
        head = _HEAD.pack(PACKED, hash(rest), end - begin)
        rest = rest.replace(token, _HOLE)
        if self._packer is None:
            self._first = rest
            self._packer = zlib.compressobj(3, zlib.DEFLATED, self._WINDOW, 4, zdict=rest)
        packer = self._packer.copy()
        return b"".join((head, body[begin:end], packer.compress(rest), packer.flush()))

    def unpack(self, kept: bytes, *, token: bytes = _HOLE) -> bytes:
        """Return the answer that is kept so; the token is that of `pack`."""
        if not kept.startswith(PACKED):
            return kept
        at = _HEAD.size + kept[_HEAD.size - 1]
        packed = zlib.decompressobj(self._WINDOW, zdict=self._first)
        rest = packed.decompress(kept[at:]).replace(_HOLE, token)
        begin, _ = stamp_in(rest)
        return b"".join((rest[:begin], kept[_HEAD.size : at], rest[begin:]))

    def repeated(self, kept: bytes, body: bytes) -> bytes | None:
        """Return what to keep of an answer that repeats all but the time of what is kept.

        None if it differs in anything else.
        """
        if not kept.startswith(PACKED):
            return body if same_but_for_time(kept, body) else None
        begin, end = stamp_in(body)
        _, fingerprint, length = _HEAD.unpack_from(kept)
        if hash(body[:begin] + body[end:]) != fingerprint or end - begin > _LONGEST_STAMP:
            return None
        head = _HEAD.pack(PACKED, fingerprint, end - begin)
        return b"".join((head, body[begin:end], kept[_HEAD.size + length :]))
