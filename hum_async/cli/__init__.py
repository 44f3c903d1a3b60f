"""The command line `hum`: one module per command, and the entry point."""

import errno
import os
import sys

from hum_async._version import __version__

_NEEDED = ("cyclopts", "platformdirs", "rich")
"""What the extra `cli` installs."""


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        return _main()
    except KeyboardInterrupt:  # also while the libraries are imported, which takes its time
        return 130


def _main() -> int:
    if sys.argv[1:] == ["--version"]:
        # Asked for by scripts and by people who report a fault: not worth the wait for an import.
        return _say(f"hum {__version__}\n")
    if sys.argv[1:] in (["--help"], ["-h"]):
        from hum_async.cli._front_page import front_page, plain_width  # noqa: PLC0415  on demand

        if (width := plain_width(os.environ)) is not None:
            return _say(front_page(width))
    try:
        from hum_async.cli._app import run_app  # noqa: PLC0415  only with the extra
    except ImportError as exc:
        if not any(name in str(exc) for name in _NEEDED):
            raise
        sys.stderr.write(f"hum needs: pip install {' '.join(_NEEDED)}\n")
        return 1
    return run_app()


def _say(text: str) -> int:
    """Print a text; return the exit code."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "it is closed")  # noqa: TRY301  told like the others
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as exc:
        from hum_async.cli._console import not_written, silence_stdout  # noqa: PLC0415  rarely needed

        silence_stdout()
        if isinstance(exc, BrokenPipeError):
            return 141
        sys.stderr.write(f"hum: error: {not_written(exc)}\n")
        return 1
    return 0
