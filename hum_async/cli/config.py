"""``hum config show``: prints what each option is set to, and who has set it."""

import os
from collections.abc import Sequence
from typing import Annotated

import attrs
from cyclopts import (
    UNSET,
    App,
    Argument,
    ArgumentCollection,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    Token,
)
from rich.table import Column, Table

from hum_async._network.store_urls import without_password
from hum_async.cli._app import make_app
from hum_async.cli._console import data, escaped, usage_messages
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import shown_default, usage_error
from hum_async.cli._json_output import AsJson, print_json
from hum_async.cli._run import run
from hum_async.cli._settings import ENVIRONMENT, SettingsFile, folders_file, users_file

_KEY = "HUM_API_KEY"


def show(
    *command: Annotated[str, Parameter(allow_leading_hyphen=True)], json: AsJson = False
) -> int:
    """Show what each option of a command is set to, and by whom.

    Args:
        command: The command, and whatever else you would type; ping, if there is none.
        json: Print one JSON object.
    """

    def prepare() -> ExitCode:
        words = command or ("ping",)
        settings = _Settings()
        try:
            make_app(settings).parse_args(words, print_error=False, exit_on_error=False)
        except CycloptsError as exc:
            # What a command lacks, such as its input, is no matter here; an option's value is.
            if not isinstance(exc, MissingArgumentError) or exc.keyword is not None:
                usage_messages.print(usage_error(exc))
                return ExitCode.USAGE
        files = [folders_file(), users_file()]
        if json:
            print_json(
                {
                    "command": words[0],
                    "files": [
                        {"path": str(file.path.absolute()), "exists": file.path.is_file()}
                        for file in files
                    ],
                    "settings": [attrs.asdict(setting) for setting in settings.found],
                }
            )
        else:
            _print(files, settings.found)
        return ExitCode.OK

    return run(prepare)


@attrs.frozen
class Setting:
    """What an option is set to.

    Attributes:
        name: The option without its hyphens.
        value: Its value as text, or the key as "set" or "missing".
        origin: Who has set it.
    """

    name: str
    value: str
    origin: str


class _Settings:
    """Looks at the arguments of a command when all who may set them have; a source of cyclopts."""

    def __init__(self) -> None:
        self.found: list[Setting] = []

    def __call__(self, _: App, __: tuple[str, ...], arguments: ArgumentCollection) -> None:
        settings = [_setting(argument) for argument in arguments if _is_option(argument)]
        self.found = [*filter(None, [_key(settings)]), *settings]


def _is_option(argument: Argument) -> bool:
    return not argument.children and argument.name.startswith("--")


def _setting(argument: Argument) -> Setting:
    name = argument.name.removeprefix("--")
    variable = ENVIRONMENT.get(name, "")
    if argument.tokens:
        values = ", ".join(_value(token) for token in argument.tokens)
        source = argument.tokens[0].source
        return Setting(name, values, "command line" if source == "cli" else source)
    if variable != _KEY and os.environ.get(variable, "").strip():
        return Setting(name, without_password(os.environ[variable]), f"environment {variable}")
    default = shown_default(argument.field_info.default)
    return Setting(name, default or "", "default")


def _value(token: Token) -> str:
    value = token.value if token.implicit_value is UNSET else token.implicit_value
    keys = ".".join(token.keys)
    return f"{keys}={value}" if keys else without_password(str(value))


def _key(settings: Sequence[Setting]) -> Setting | None:
    """Return whether there is a key, and who has it; never the key."""
    in_file = next((each for each in settings if each.name == "key-file"), None)
    if in_file is None:
        return None
    if in_file.value:
        return Setting("key", f"in {in_file.value}", in_file.origin)
    if os.environ.get(_KEY, "").strip():
        return Setting("key", "set", f"environment {_KEY}")
    return Setting("key", "missing", "")


def _print(files: Sequence[SettingsFile], settings: Sequence[Setting]) -> None:
    for file in files:
        there = "" if file.path.is_file() else " (there is none)"
        data.print(escaped(f"File: {file.path}{there}"))
    table = Table(
        Column("option", overflow="fold"),
        Column("value", overflow="fold"),
        Column("set by", overflow="fold"),
    )
    for setting in settings:
        style = "dim" if setting.origin == "default" else None
        table.add_row(*map(escaped, attrs.astuple(setting)), style=style)
    data.print(table, soft_wrap=False)
