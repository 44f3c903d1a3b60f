"""Options from files: who goes first, what is refused, and what `hum config show` says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from attrs import fields

from hum_async.cli._api import ApiOptions
from hum_async.cli._console import data
from hum_async.cli._settings import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended

    Call = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "config" / "hum"
    home.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home.parent))
    return home


def settings(call: Call, *words: str) -> dict[str, tuple[str, str]]:
    ended = call("config", "show", "--json", *words)
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)["settings"]
    return {each["name"]: (each["value"], each["origin"]) for each in found}


def test_who_is_asked_first(
    call: Call, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "hum.toml").write_text('rate = 1\nbase-url = "https://hum.example"\n[ping]\nseed = 1')
    mine = str(home / "hum.toml")
    assert settings(call)["rate"] == ("1", mine)
    assert settings(call)["base-url"] == ("https://hum.example", mine)
    (folder / "hum.toml").write_text("rate = 2\n[ping]\nseed = 2\nspeed = 3.5")
    assert settings(call)["rate"] == ("2", "hum.toml")
    assert settings(call)["seed"] == ("2", "hum.toml")
    assert settings(call)["speed"] == ("3.5", "hum.toml")
    monkeypatch.setenv("HUM_BASE_URL", "https://other.example")
    assert settings(call)["base-url"] == ("https://other.example", "environment HUM_BASE_URL")
    typed = settings(call, "ping", "--rate", "3", "--base-url", "http://127.0.0.1:1")
    assert typed["rate"] == ("3", "command line")
    assert typed["base-url"] == ("http://127.0.0.1:1", "command line")
    assert typed["concurrency"] == ("32", "default")


def test_a_table_is_for_its_command_and_the_top_for_all(call: Call, folder: Path) -> None:
    (folder / "hum.toml").write_text(
        'concurrency = 4\n[qualify]\nmax_sessions = 7\nmap = ["street1=ADDR", "zip=PLZ"]\n'
    )
    job = settings(call, "qualify")
    assert job["max-sessions"] == ("7", "hum.toml")
    assert job["map"] == ("street1=ADDR, zip=PLZ", "hum.toml")
    assert job["concurrency"] == ("4", "hum.toml")
    # Commands without an API take no notice of its options.
    assert "concurrency" not in settings(call, "check", "in.csv")


def test_commands_take_what_the_files_say(call: Call, folder: Path) -> None:
    (folder / "hum.toml").write_text("[ping]\nsimulate = true\njson = true")
    ended = call("ping")
    assert ended.code == 0
    assert json.loads(ended.out)["ok"] is True


def test_the_key_is_told_of_and_not_told(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings(call)["key"] == ("missing", "")
    (folder / "hum.toml").write_text('key-file = "key.txt"')
    assert settings(call)["key"] == ("in key.txt", "hum.toml")
    monkeypatch.setenv("HUM_API_KEY", "sesame")
    assert settings(call)["key"] == ("set", "environment HUM_API_KEY")
    monkeypatch.setenv("HUM_BASE_URL", "https://me:sesame@hum.example")
    shown = call("config", "show")
    assert "sesame" not in shown.out + shown.err
    assert "https://me:***@hum.example" in shown.out


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:sesame@db/hum?job=x", "postgresql://me:***@db/hum?job=x"),
        ("postgresql://me@db/hum?job=x", "postgresql://me@db/hum?job=x"),
        ("postgresql://db/hum?password=sesame&job=x", "postgresql://db/hum?password=***&job=x"),
        ("postgresql:///hum?user=me&password=sesame", "postgresql:///hum?user=me&password=***"),
        ("postgresql://db/hum?pass%77ord=sesame", "postgresql://db/hum?password=***"),
        ("redis://:sesame@cache:6379/0", "redis://:***@cache:6379/0"),
        ("redis://me:12#sesame@cache", "***"),
        ("redis://me:se/same@cache", "***"),
    ],
)
def test_the_password_of_a_store_is_not_told(call: Call, home: Path, url: str, shown: str) -> None:
    (home / "hum.toml").write_text(f'limiter = "{url}"')
    assert settings(call)["limiter"][0] == shown
    option = "--database" if url.startswith("postgresql") else "--limiter"
    found = settings(call, "qualify", "in.csv", option, url)
    assert found[option.removeprefix("--")] == (shown, "command line")


def test_a_folder_cannot_send_the_key_elsewhere(call: Call, folder: Path, home: Path) -> None:
    (folder / "hum.toml").write_text('base-url = "https://hum.example"')
    ended = call("config", "show")
    assert ended.code != 0
    assert "hum.example" in ended.err
    assert "--base-url" in ended.err
    for fine in ("https://api-sandbox.letshum.com", "http://127.0.0.1:8000", "http://[::1]:1"):
        (folder / "hum.toml").write_text(f'base-url = "{fine}"')
        assert settings(call)["base-url"] == (fine, "hum.toml")
    (folder / "hum.toml").unlink()
    (home / "hum.toml").write_text('base-url = "https://hum.example"')
    assert settings(call)["base-url"][0] == "https://hum.example"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example/hum",
        "postgresql://127.0.0.1,db.example/hum",
        "postgresql://localhost/hum?host=db.example",
        "postgresql:///hum?hostaddr=192.0.2.1",
        "postgresql:///hum?service=theirs",
        "postgresql://evil%2Eexample/hum",
        "redis://cache.example/0",
        "redis:///0?host=cache.example",
    ],
)
def test_a_folder_cannot_send_a_password_elsewhere(
    call: Call, folder: Path, home: Path, url: str
) -> None:
    (folder / "hum.toml").write_text(f'limiter = "{url}"')
    refused = call("config", "show")
    assert refused.code == 2
    assert "PGPASSWORD" in refused.err
    if url.startswith("postgresql"):
        (folder / "hum.toml").write_text(f'[qualify]\ndatabase = "{url}"\njob = "june"')
        assert "PGPASSWORD" in call("config", "show", "qualify", "in.csv").err
    (folder / "hum.toml").unlink()
    (home / "hum.toml").write_text(f'limiter = "{url}"')
    assert settings(call)["limiter"] == (url, str(home / "hum.toml"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///hum",
        "postgresql://localhost:5432,[::1]:5433/hum",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/hum",
        "postgresql:///hum?host=/var/run/postgresql",
        "redis://127.0.0.1:6379/0",
        "unix:///run/redis.sock",
    ],
)
def test_a_folder_may_name_a_store_on_this_machine(call: Call, folder: Path, url: str) -> None:
    (folder / "hum.toml").write_text(f'limiter = "{url}"')
    assert settings(call)["limiter"] == (url, "hum.toml")


def test_the_environment_goes_before_the_files_for_stores_as_well(
    call: Call, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "hum.toml").write_text('limiter = "redis://localhost/0"')
    (home / "hum.toml").write_text('[qualify]\ndatabase = "postgresql://db/hum"')
    monkeypatch.setenv("HUM_LIMITER", "redis://:sesame@cache/0")
    monkeypatch.setenv("HUM_DATABASE", "postgresql://me:sesame@other/hum")
    found = settings(call, "qualify", "in.csv")
    assert found["limiter"] == ("redis://:***@cache/0", "environment HUM_LIMITER")
    assert found["database"] == ("postgresql://me:***@other/hum", "environment HUM_DATABASE")
    typed = settings(call, "qualify", "in.csv", "--limiter", "redis://typed")
    assert typed["limiter"] == ("redis://typed", "command line")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rte = 1", "did you mean 'rate'?"),
        ("[qualfy]\nrate = 1", "did you mean 'qualify'?"),
        ("[ping]\nspeeed = 1", 'unknown option: "[speeed]" from hum.toml'),
        ("rate = 'fast'", 'unable to convert "fast" into float'),
        ("rate = -1", "rate"),
        ("rate = ", "hum.toml: is no TOML"),
        ("max-sessions = 1", "put it into the table of its command"),
        (b"rate = 1 # \xff", "is no text in UTF-8"),
        ('base-url = "http://["', "base-url"),
    ],
)
def test_what_is_wrong_is_told_with_its_file(
    call: Call, folder: Path, text: str | bytes, told: str
) -> None:
    written = text if isinstance(text, bytes) else text.encode()
    (folder / "hum.toml").write_bytes(written)
    ended = call("ping", "--simulate")
    assert ended.code != 0
    assert ended.out == ""
    assert told in ended.err.replace("\n", " ")
    assert "hum.toml" in ended.err


def test_the_options_of_the_api_are_those_for_all_commands() -> None:
    assert {field.name.replace("_", "-") for field in fields(ApiOptions)} == SHARED


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_screen_fits(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    (folder / "hum.toml").write_text('rate = 2\nkey-file = "a/very/long/path/to/the/key.txt"')
    monkeypatch.setattr(data, "width", width)
    # A path is not broken, so that it can be copied.
    lines = [line for line in call("config", "show", "qualify").out.splitlines() if "│" in line]
    assert max(map(len, lines)) <= width
    assert any("rate" in line and "hum.toml" in line for line in lines)


def test_a_command_line_that_is_not_whole_is_told(call: Call, folder: Path) -> None:
    del folder
    ended = call("config", "show", "lookup", "--rate")
    assert ended.code == 2
    assert "--rate" in ended.err
    # What the command itself lacks is no matter.
    assert call("config", "show", "requalify").code == 0
