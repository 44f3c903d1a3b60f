"""The tag by which ids name their worker: a process of this machine, told by no word to the others.

A tag is the process's number and the time of its start, encrypted with what every process of this
machine can read and nobody outside: the same for all ids of a process, and no number to a browser.
Another worker decrypts it and sees whether that process lives. A process that was restarted, under
the same number too, began at another time.
"""

import base64
import binascii
import functools
import os
from hashlib import blake2b
from pathlib import Path

TAG_LENGTH = 12
"""Characters."""

_PROC = Path("/proc")
_WIDTH = 3  # bytes of each part: Linux counts processes up to 2**22
_MASK = 2 ** (8 * _WIDTH) - 1


def own_tag() -> str:
    """Return the tag of this process."""
    pid = os.getpid()
    began = _began(pid) or 0
    plain = (pid & _MASK).to_bytes(_WIDTH) + began.to_bytes(_WIDTH)
    # Its own digest is the nonce, so that a process always has the same tag (RFC 5297).
    nonce = _digest(plain, _WIDTH)
    return base64.urlsafe_b64encode(nonce + _encrypted(plain, nonce)).decode()


def is_of_living_worker(tag: str) -> bool:
    """Whether a tag is that of another process, which lives, on this machine."""
    try:
        raw = base64.urlsafe_b64decode(tag)
    except (binascii.Error, ValueError):
        return False
    if len(tag) != TAG_LENGTH or len(raw) != 3 * _WIDTH:
        return False
    nonce = raw[:_WIDTH]
    plain = _encrypted(raw[_WIDTH:], nonce)
    if _digest(plain, _WIDTH) != nonce:
        return False
    pid, began = int.from_bytes(plain[:_WIDTH]), int.from_bytes(plain[_WIDTH:])
    return pid != os.getpid() & _MASK and _began(pid) == began


def _began(pid: int) -> int | None:
    """Return when a process began, in the system's ticks; None if it is over.

    0 if the system does not tell when: then it lives, or may live.
    """
    if not (_PROC / "self" / "stat").exists():
        return 0 if _may_live(pid) else None
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    state, *fields = stat.rpartition(b")")[2].split()  # proc_pid_stat(5), from the third field on
    return None if state in {b"Z", b"X"} else int(fields[18]) & _MASK


def _may_live(pid: int) -> bool:
    if os.name != "posix":
        return True  # elsewhere a signal 0 ends the process
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _encrypted(text: bytes, nonce: bytes) -> bytes:
    """Encrypt or decrypt."""
    return bytes(a ^ b for a, b in zip(text, _digest(b"pad" + nonce, len(text)), strict=True))


def _digest(text: bytes, size: int) -> bytes:
    return blake2b(text, digest_size=size, key=_secret(_PROC), person=b"hum-worker").digest()


@functools.cache
def _secret(proc: Path) -> bytes:
    """Return what the workers of this machine know, until it is restarted, and browsers do not."""
    try:
        boot = (proc / "sys" / "kernel" / "random" / "boot_id").read_bytes()
        # Processes of another container have numbers that mean nothing here.
        numbers = (proc / "self" / "ns" / "pid").stat().st_ino
    except OSError:
        if os.name != "posix":
            # The server's own, which its workers inherit; another one after a restart.
            import multiprocessing  # noqa: PLC0415  on Windows alone

            return bytes(multiprocessing.current_process().authkey)
        # When and where this Python was installed, to the nanosecond.
        installed = Path(os.__file__).stat()
        return b"%d %d" % (installed.st_ino, installed.st_ctime_ns)
    return boot.strip() + numbers.to_bytes(8)
