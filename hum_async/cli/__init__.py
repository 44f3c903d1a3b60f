"""The command line `hum`: one module per command, and the entry point."""

import sys


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        from hum_async.cli._app import run_app  # noqa: PLC0415  only with the extra
    except ImportError as exc:
        if "cyclopts" not in str(exc) and "rich" not in str(exc):
            raise
        sys.stderr.write("hum needs: pip install cyclopts rich\n")
        return 1
    try:
        return run_app()
    except KeyboardInterrupt:
        return 130
