"""Options that files set: `hum.toml` in the current folder, and the user's own.

What was typed goes first, then the environment, then the folder's file, then the user's. A file
holds options without their hyphens in front: those of the API at the top, for every command that
has them, and those of one command in a table of its name (docs/configuration.md).
"""

import difflib
import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import attrs
import platformdirs
from cyclopts import App, ArgumentCollection, CycloptsError
from cyclopts.config import Dict

NAME = "hum.toml"

SHARED = frozenset({"base-url", "key-file", "rate", "concurrency", "limiter", "log"})
"""What may stand at the top of a file: the options of the API."""

ENVIRONMENT = {
    "base-url": "HUM_BASE_URL",
    "database": "HUM_DATABASE",
    "key-file": "HUM_API_KEY",
    "limiter": "HUM_LIMITER",
}
"""Variables of the environment, by the option in whose place they stand."""


@attrs.frozen
class SettingsFile:
    """A file of options.

    Attributes:
        path: Where it is.
        is_users: It is the user's own, and not one that came with a folder.
    """

    path: Path
    is_users: bool

    def options(self, command: str, commands: Collection[str]) -> dict[str, Any]:
        """Return what the file says for a command; nothing if there is no file.

        Args:
            command: Name of the command.
            commands: Names of all commands.

        Raises:
            CycloptsError: It cannot be read, or says what it must not.
        """
        found = self._read()
        for name, value in found.items():
            if isinstance(value, dict):
                if name not in commands:
                    raise self._error(f"there is no command {name!r}{_near(name, commands)}")
            elif _option(name) not in SHARED:
                raise self._error(
                    f"{name!r} is no option of every command{_near(_option(name), SHARED)}; put it "
                    "into the table of its command, such as [qualify]"
                )
        at_top = {
            _option(name): value for name, value in found.items() if not isinstance(value, dict)
        }
        own = {_option(name): value for name, value in found.get(command, {}).items()}
        options = {**at_top, **own}
        for name, variable in ENVIRONMENT.items():
            if os.environ.get(variable, "").strip():
                options.pop(name, None)
        if not self.is_users:
            self._check_servers(options)
        return options

    def _read(self) -> dict[str, Any]:
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as exc:
            raise self._error(f"cannot be read: {exc.strerror}") from exc
        except UnicodeError as exc:
            raise self._error("is no text in UTF-8") from exc
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            raise self._error(f"is no TOML: {exc}") from exc

    def _check_servers(self, options: Mapping[str, Any]) -> None:
        """Refuse servers of others: a folder may come from somebody else."""
        if "base-url" in options:
            self._check_server(str(options["base-url"]))
        for name in ("database", "limiter"):
            if name in options:
                self._check_store(name, str(options[name]))

    def _check_server(self, url: str) -> None:
        """Refuse to send the user's key to a server that a folder's file names."""
        from yarl import URL  # noqa: PLC0415  rarely needed

        from hum_async.client import PRODUCTION, SANDBOX  # noqa: PLC0415  not for all commands

        try:
            host = URL(url).host
        except ValueError as exc:
            raise self._error(f"base-url is no URL: {exc}") from exc
        trusted = {URL(PRODUCTION).host, URL(SANDBOX).host, "127.0.0.1", "localhost", "::1"}
        if host not in trusted:
            raise self._error(
                f"names the server {host!r}, which would get your key: if you trust it, say "
                f"--base-url or HUM_BASE_URL, or write it into {users_file().path}"
            )

    def _check_store(self, name: str, url: str) -> None:
        """Refuse to connect to a store elsewhere that a folder's file names.

        The driver of a database sends it the password of PGPASSWORD, and the job what is bought.
        """
        from hum_async._network.store_urls import is_on_this_machine  # noqa: PLC0415  as above
        from hum_async._redact import Secret  # noqa: PLC0415  as above

        if not is_on_this_machine(Secret(url)):
            raise self._error(
                f"{name} names a server elsewhere, which would get your password of PGPASSWORD and "
                f"what you buy: if you trust it, say --{name} or {ENVIRONMENT[name]}, or write it "
                f"into {users_file().path}"
            )

    def _error(self, problem: str) -> CycloptsError:
        return CycloptsError(msg=f"{self.path}: {problem}")


@attrs.frozen
class FileSettings:
    """Fills in the options that were not typed; a configuration source of cyclopts.

    Attributes:
        files: The files, the most important first.
        commands: Names of all commands.
    """

    files: tuple[SettingsFile, ...]
    commands: Collection[str]

    def __call__(self, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        """Add what the files say to the arguments of a command."""
        command = commands[0] if commands else ""
        known = {name.removeprefix("--") for argument in arguments for name in argument.names}
        for file in self.files:
            options = {
                name: value
                for name, value in file.options(command, self.commands).items()
                if name in known or name not in SHARED
            }
            # Below its command: at the top, an option that is named as a command would be left out.
            layer = Dict({command: options}, source=str(file.path))
            layer(app, commands, arguments)


def folders_file() -> SettingsFile:
    """Return the file of the current folder, which may be missing."""
    return SettingsFile(Path(NAME), is_users=False)


def users_file() -> SettingsFile:
    """Return the user's own file, which may be missing."""
    return SettingsFile(platformdirs.user_config_path("hum", appauthor=False) / NAME, is_users=True)


def _option(name: str) -> str:
    return name.replace("_", "-")


def _near(name: str, known: Collection[str] | Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
