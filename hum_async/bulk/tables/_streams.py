"""Tells the paths of pipes, devices and descriptors, which are written to and never replaced."""

import os
import re
import stat

_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)", re.ASCII)
_NAMED = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def descriptor_of(target: str) -> int | None:
    """Return the descriptor that a path names, such as 3 of /dev/fd/3; None for other paths.

    What it names may be a regular file, but one that the shell has opened: replaced or opened anew,
    it would lose what ``>>`` keeps.
    """
    if os.name != "posix":
        return None
    if found := _DESCRIPTOR.fullmatch(target):
        return int(found[1])
    return _NAMED.get(target)


def is_stream(target: str) -> bool:
    """Whether a path is a descriptor, a pipe or a device, which is never replaced."""
    if descriptor_of(target) is not None:
        return True
    try:
        mode = os.stat(target).st_mode  # noqa: PTH116  the path may be too long for one
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
