"""The application `hum`: its commands, each of which is imported when it is called."""

import sys
import textwrap
from collections.abc import Callable

from cyclopts import App, Parameter

from hum_async._version import __version__
from hum_async.cli._console import NobodyReads, pages, silence_stdout, usage_messages
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._front_page import ABOUT, COMMANDS, CONFIG, EPILOGUE, JOURNAL
from hum_async.cli._help import HelpPage, shown_default, usage_error
from hum_async.cli._settings import FileSettings, folders_file, users_file
from hum_async.errors import InputError

EXAMPLES = {
    "check": "hum check customers.csv --corrected better.csv\n"
    "hum check customers.xlsx --sheet Sites --map zip=POSTCODE",
    "qualify": "hum qualify customers.csv -o results.csv\n"
    "hum qualify customers.csv --dry-run --rate 10\n"
    "hum qualify customers.xlsx --map street1=NUMBER+STREET --max-sessions 500",
    "compose": "hum compose customers.csv -o results.csv\n"
    "hum compose customers.csv -o results.parquet --journal results.journal.sqlite",
    "diff": "hum diff october.csv november.csv -o changes.html\n"
    "hum diff october.journal.sqlite november.parquet --json",
    "report": "hum report results.csv -o report.html\n"
    "hum report results.parquet --served 1000/500,100/20 --title 'North side'",
    "requalify": "hum requalify october.csv -o november.csv --older-than 30d --dry-run\n"
    "hum requalify october.csv -o november.csv --older-than 30d --budget 500",
    "status": "hum status results.journal.sqlite\nhum status results.journal.sqlite --json",
    "verify": "hum verify results.journal.sqlite\nhum verify results.journal.sqlite --json",
    "forget": "hum forget '1420 Washington Blvd, 48226' results.journal.sqlite\n"
    "hum forget --older-than 30d results.journal.sqlite",
    "lookup": "hum lookup '1420 Washington Blvd, Detroit, MI 48226'\n"
    "hum lookup '1420 Washington Blvd, 48226' --simulate --json",
    "watch": "hum watch TOKEN1 TOKEN2\nhum watch - --source internet --budget 1m < tokens.txt",
    "ping": "hum ping --key-file key.txt\nhum ping --simulate --json",
    "doctor": "hum doctor\nhum doctor --journal results.journal.sqlite --json",
    "completion": "hum completion bash > ~/.local/share/bash-completion/completions/hum\n"
    "hum completion zsh > ~/.zfunc/_hum\n"
    "hum completion fish > ~/.config/fish/completions/hum.fish",
    "mcp": "hum mcp --max-sessions 20 --purchases hum.sqlite\nhum mcp --simulate --max-sessions 5",
    "simulate": "hum simulate --speed 20\nhum simulate --port 0 --rate 10 --retry-after 2",
    "demo": "hum demo --web\nhum demo --web --port 0 --speed 5",
}

_COPY = "Copy a journal whole: from a file into a PostgreSQL database, and back."
_SHOW = "Show what each option of a command is set to, and by whom: typed, environment, file."

_MORE = "hum --help says where the key is read from, and what the exit codes mean."


def make_app(*watchers: Callable[..., None]) -> App:
    """Return the application.

    Args:
        *watchers: Called with the arguments of a command when all who may set them have, as sources
            of configuration are.
    """
    app = App(
        name="hum",
        help=ABOUT,
        help_epilogue=EPILOGUE,
        help_format="plaintext",
        help_formatter=HelpPage(),
        default_parameter=Parameter(show_default=shown_default),
        error_console=usage_messages,
        error_formatter=usage_error,
        version=f"hum {__version__}",
        console=pages,
        result_action="return_value",
        config=(FileSettings((folders_file(), users_file()), COMMANDS.keys()), *watchers),
    )
    for name, summary in COMMANDS.items():
        app.command(
            f"hum_async.cli.{name}:{name}",
            name=name,
            help=summary,
            help_epilogue=f"Examples:\n{textwrap.indent(EXAMPLES[name], '  ')}\n\n{_MORE}",
        )
    config = App(name="config", help=CONFIG, config=(), help_epilogue=_MORE)
    config.command("hum_async.cli.config:show", name="show", help=_SHOW)
    app.command(config)
    journal = App(name="journal", help=JOURNAL, config=(), help_epilogue=_MORE)
    journal.command("hum_async.cli.journal:copy", name="copy", help=_COPY)
    app.command(journal)
    return app


def run_app() -> int:
    """Run the command that the arguments name; return its exit code."""
    try:
        return int(make_app()(sys.argv[1:]) or 0)
    except NobodyReads:  # of the help
        silence_stdout()
        return ExitCode.READER_LEFT
    except InputError as exc:  # the help could not be printed
        usage_messages.print(f"hum: error: {exc}")
        return ExitCode.COULD_NOT_RUN
