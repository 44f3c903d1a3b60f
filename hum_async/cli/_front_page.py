"""What `hum --help` says, and that page without cyclopts and rich, whose import takes far longer.

`_app` builds the application of the same texts, and a test compares both pages.
"""

import os

from hum_async.cli._page_text import entry, wrapped

ABOUT = "Which internet providers serve a US address: the command line of hum_async."

COMMANDS = {
    "check": "Say what is wrong with a file of addresses, before anything is bought.",
    "qualify": "Look up every address of a file; write the file again with the results.\n\n"
    "Run the same command again to go on after whatever has stopped it: what is in the journal "
    "beside the output is not bought again.",
    "compose": "Write the outputs of a job again, from its journal; also half-way.",
    "diff": "Say what has changed between two results of the same addresses; nothing is bought.",
    "report": "Show the results of a job as one HTML file, which needs no network.",
    "requalify": "Ask again for results that are old, and say what has changed.",
    "status": "Show how a job stands, by its journal.",
    "verify": "Check a finished job: its journal, its files and its rows.",
    "forget": "Erase results from a journal; a receipt of each purchase stays.",
    "lookup": "Look up one address.",
    "watch": "Follow sessions by their tokens until their agents are done.",
    "ping": "Check that the API is up and takes the key.",
    "doctor": "Check key, network, API, clock and disk, and say what to do about each problem.",
    "completion": "Print a script with which a shell completes commands and options of hum.",
    "mcp": "Offer look-ups, checks of files and the status of jobs to an assistant (MCP).",
    "simulate": "Serve a simulated Hum API on this machine, for tests and for trying things out.",
    "demo": "Show look-ups live, on a simulated API.",
}

CONFIG = "Show what options are set to."
JOURNAL = "Copy a journal from a file into a database, and back."

EPILOGUE = (
    "The key is read from the environment variable HUM_API_KEY, or with --key-file; the API from "
    "HUM_BASE_URL. Exit codes: 0 all rows settled, 1 could not run, 2 usage or "
    "columns in doubt, 3 finished with failed rows (check, --dry-run: rows will be refused; "
    "verify: problems), 4 authentication, 5 session limit reached, 129 SIGHUP, 130 Ctrl-C, "
    "141 the reader of standard output left, 143 SIGTERM."
)

_OPTIONS = {
    "--help, -h": "Display this message and exit.",
    "--version": "Display application version.",
}

_LEAST = 60
"""Columns below which rich breaks lines that are too long for it."""

_FORCED = ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS")
"""What else rich heeds: then the page is left to it."""


def front_page(width: int) -> str:
    """Return the page.

    Args:
        width: Columns of a line at most.
    """
    summaries = {name: text.partition("\n\n")[0] for name, text in COMMANDS.items()}
    commands = sorted({**summaries, "config": CONFIG, "journal": JOURNAL}.items())
    parts = [
        "Usage: hum COMMAND\n",
        f"{wrapped(ABOUT, width)}\n",
        "Commands:",
        *(entry(f"  {name}", text, width) for name, text in (*commands, *_OPTIONS.items())),
        f"\n\n{wrapped(EPILOGUE, width)}\n",
    ]
    return "\n".join(parts)


def plain_width(environ: "os._Environ[str]") -> int | None:
    """Return the columns of a page that is plain text; None if rich has to draw it.

    It is plain where standard output is no terminal. As rich does, it is then as wide as
    ``COLUMNS`` says, or the terminal of another standard stream.

    Args:
        environ: The environment.
    """
    if os.isatty(1) or any(name in environ for name in _FORCED):
        return None
    width = environ.get("COLUMNS", "")
    columns = int(width) if width.isdigit() else _terminal_columns() or 80
    return columns if columns >= _LEAST else None


def _terminal_columns() -> int:
    for stream in (0, 1, 2):
        try:
            return os.get_terminal_size(stream).columns
        except (OSError, ValueError):
            continue
    return 0
