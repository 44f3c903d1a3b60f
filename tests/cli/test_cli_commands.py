"""`hum lookup`, `watch`, `ping` and `simulate`."""

from __future__ import annotations

import json
import logging
import re
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from hum_async.cli._api import ApiOptions
from hum_async.cli._console import data
from hum_async.cli.watch import _watch
from hum_async.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVED = "100 Served St, Detroit, MI 48226"


# --- lookup ---------------------------------------------------------------------------------------


def test_a_served_address_shows_its_providers(call: Callable[..., Any]) -> None:
    ended = call("lookup", SERVED, "--simulate")
    assert ended.code == 0
    assert ended.out.startswith("SERVED: ")
    assert "provider" in ended.out
    assert re.search(r"\d requests, \d+\.\d s", ended.out)
    assert "\x1b" not in ended.out + ended.err


def test_providers_are_lines_on_a_narrow_terminal(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "width", 40)
    ended = call("lookup", SERVED, "--simulate")
    assert ended.code == 0
    assert re.search(r"^[\w -]+: [\w ,]+ [\d./?]+\s", ended.out, re.MULTILINE)
    assert "┃" not in ended.out


@pytest.mark.parametrize(
    ("street", "outcome", "code"),
    [
        ("100 No Providers Ave", "NO_PROVIDERS", 0),
        ("100 Ambiguous Rd", "AMBIGUOUS_ADDRESS", 0),
        ("100 Not Found Ln", "ADDRESS_NOT_FOUND", 0),
        ("100 Invalid Way", "INVALID_ADDRESS", 3),
        ("100 Never Done Dr", "TIMED_OUT", 3),
        ("100 Expired Ct", "EXPIRED", 3),
        ("100 Server Error Blvd", "UNCERTAIN", 3),
    ],
)
def test_each_outcome_is_said_with_its_meaning_and_its_exit_code(
    call: Callable[..., Any], street: str, outcome: str, code: int
) -> None:
    ended = call("lookup", f"{street}, 48226", "--simulate")
    assert ended.code == code
    first = ended.out.splitlines()[0]
    assert first.startswith(f"{outcome}: ")
    assert len(first) > len(outcome) + 10


def test_a_look_up_as_json_is_one_object_and_nothing_else(call: Callable[..., Any]) -> None:
    ended = call("lookup", SERVED, "--simulate", "--json")
    assert ended.code == 0
    found = json.loads(ended.out)
    assert found["hum_outcome"] == "SERVED"
    assert found["hum_provider_count"] == len(found["hum_providers"]) > 0


def test_an_address_may_come_in_several_arguments(call: Callable[..., Any]) -> None:
    ended = call("lookup", "100 Served St", "Detroit", "MI 48226", "--simulate", "--json")
    assert json.loads(ended.out)["hum_outcome"] == "SERVED"


@pytest.mark.parametrize("words", [("Detroit",), ("100 Served St",), ("",), ()])
def test_what_is_no_address_is_told_in_a_line(
    call: Callable[..., Any], words: tuple[str, ...]
) -> None:
    ended = call("lookup", *words, "--simulate")
    assert ended.code in {1, 2}
    assert ended.out == ""
    assert "rror" in ended.err


@pytest.mark.parametrize("seconds", ["-5", "nan", "soon"])
def test_a_senseless_time_out_is_refused_without_a_traceback(
    call: Callable[..., Any], seconds: str
) -> None:
    assert call("lookup", SERVED, "--simulate", "--timeout", seconds).code in {1, 2}


# --- ping -----------------------------------------------------------------------------------------


def test_ping_tells_that_the_api_is_up(call: Callable[..., Any]) -> None:
    ended = call("ping", "--simulate")
    assert ended.code == 0
    assert ended.out.startswith("up, and the key is valid")


def test_ping_tells_that_nobody_is_there(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "very-secret")
    ended = call("ping", "--base-url", "http://127.0.0.1:1")
    assert ended.code == 1
    assert ended.out == ""
    assert "cannot connect" in ended.err
    assert "very-secret" not in ended.err


def test_a_key_file_is_read_and_a_missing_one_told(call: Callable[..., Any], tmp_path: Any) -> None:
    missing = call("ping", "--key-file", str(tmp_path / "key"), "--base-url", "http://127.0.0.1:1")
    assert missing.code == 4
    assert "cannot read the API key" in missing.err
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    assert call("ping", "--key-file", str(tmp_path / "key")).code == 4
    # An editor's mark, and quotation marks of an env file.
    (tmp_path / "key").write_bytes(b'\xef\xbb\xbf"secret"\r\n')
    read = call("ping", "--key-file", str(tmp_path / "key"), "--base-url", "http://127.0.0.1:9")
    assert "cannot connect" in read.err
    (tmp_path / "key").write_text("\n")
    assert "HUM_API_KEY" in call("ping", "--key-file", str(tmp_path / "key")).err


# --- watch ----------------------------------------------------------------------------------------


@pytest.mark.virtual
@pytest.mark.hum_simulator(seed=4)
async def test_watch_prints_a_line_for_each_update_and_masks_the_tokens(
    hum_simulator: Simulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tokens = [hum_simulator.add_session() for _ in range(3)]
    api = ApiOptions(base_url=hum_simulator.url)
    code = await _watch(tokens, source="session", budget=30.0, api=api, key="any-key")
    assert code == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert not [token for token in tokens if token in said.out]
    lines = said.out.splitlines()
    assert sum(" COMPLETED " in line for line in lines) == 3
    assert sum(" CHANGED " in line for line in lines) >= 3
    assert {line[:4] for line in lines} == {token[:4] for token in tokens}
    assert all(re.match(r"\w{4}… [A-Z_]+ \d+\.\ds( \w+=\w+)*$", line) for line in lines)


async def test_watch_reads_tokens_from_standard_input_one_on_a_line(start: Any) -> None:
    async with Simulator(median=0) as simulator:
        tokens = [simulator.add_session() for _ in range(3)]
        child = await start("watch", "-", "--base-url", simulator.url)
        ended = await child.end("\n".join([*tokens, "", tokens[0]]))
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out.splitlines()) == 3
    assert "\x1b" not in ended.out


async def test_watch_reads_the_key_and_then_the_tokens_from_standard_input(start: Any) -> None:
    async with Simulator(median=0) as simulator:
        token = simulator.add_session()
        child = await start("watch", "-", "--key-file", "-", "--base-url", simulator.url)
        ended = await child.end(f"any-key\n{token}\n")
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out.splitlines()) == 1


async def test_watch_ends_with_3_when_a_session_was_not_followed_to_its_end(start: Any) -> None:
    async with Simulator(speed=1000) as simulator:
        gone = simulator.add_session()
        simulator.expire(gone)
        args = ("watch", gone, "--base-url", simulator.url, "--source", "internet")
        ended = await (await start(*args)).end()
    assert ended.code == 3
    assert "GONE" in ended.out
    assert gone not in ended.out + ended.err


def test_watch_without_tokens_says_so(call: Callable[..., Any]) -> None:
    ended = call("watch", "--base-url", "http://127.0.0.1:1")
    assert ended.code in {1, 2}
    assert "token" in ended.err


@pytest.mark.parametrize("seconds", ["-1", "nan"])
def test_a_senseless_budget_is_refused_without_a_traceback(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "k")
    ended = call("watch", "abcdefgh", "--base-url", "http://127.0.0.1:1", "--budget", seconds)
    assert ended.code in {1, 2}


def test_watch_without_a_key_ends_with_4_and_one_line(call: Callable[..., Any]) -> None:
    ended = call("watch", "abcdefgh", "--base-url", "http://127.0.0.1:1")
    assert ended.code == 4
    assert ended.err.count("\n") == 1


# --- simulate -------------------------------------------------------------------------------------


async def said_url(child: Any) -> str:
    """Read what the simulator prints first; everything it says must be there to read."""
    line = (await child.process.stdout.readline()).decode()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


@pytest.mark.slow
async def test_a_simulator_serves_a_three_way_start_until_it_is_terminated(start: Any) -> None:
    args = ("--port", "0", "--generation", "immediate", "--speed", "1000")
    server = await start("simulate", *args, "--rate", "2", "--burst", "1", "--retry-after", "7")
    url = await said_url(server)
    assert url in (await server.process.stdout.readline()).decode()

    refused = await start("ping", "--base-url", url, key="bad-key")
    assert (await refused.end()).code == 4

    key = {"Authorization": "Bearer any-key"}
    async with aiohttp.ClientSession(headers=key) as http:
        answers = []
        for _ in range(20):
            async with http.get(f"{url}/ping") as answer:
                answers.append((answer.status, answer.headers.get("Retry-After")))
        assert (429, "7") in answers
        assert {status for status, _ in answers} == {200, 429}
        async with http.get(f"{url}/_simulator/statistics") as answer:
            assert (await answer.json())["throttled"] > 0

    server.terminate()
    ended = await server.end()
    assert ended.code == 143
    assert ended.err == ""


def test_a_port_that_is_taken_is_told(call: Callable[..., Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = call("simulate", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "--port 0" in ended.err


@pytest.mark.parametrize(
    "options",
    [
        ("--port", "99999"),
        ("--port", "-1"),
        ("--speed", "0"),
        ("--rate", "0"),
        ("--rate", "5", "--burst", "0"),
        ("--retry-after", "-1"),
        ("--generation", "next"),
    ],
)
def test_a_senseless_simulator_is_refused_without_a_traceback(
    call: Callable[..., Any], options: tuple[str, ...]
) -> None:
    ended = call("simulate", *options)
    assert ended.code in {1, 2}
    assert ended.out == ""


def test_the_words_of_an_address_need_no_quotes(call: Callable[..., Any]) -> None:
    words = ["100", "Served", "St,", "Detroit,", "Michigan", "48226,", "USA"]
    ended = call("lookup", *words, "--simulate", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["hum_outcome"] == "SERVED"


def test_a_line_in_doubt_is_not_bought(call: Callable[..., Any]) -> None:
    ended = call("lookup", "100 Served St, Reno, Washoe, NV 89501", "--simulate")
    assert ended.code == 2
    assert "cannot tell which part is the city: write STREET" in ended.err.replace("\n", " ")
    assert ended.out == ""


@pytest.mark.parametrize(("options", "sessions"), [([], "1"), (["--dedupe", "exact"], "3")])
def test_one_flat_in_three_spellings_is_bought_once_or_as_it_is_written(
    call: Callable[..., Any], tmp_path: Path, options: list[str], sessions: str
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "street1,street2,zip\n20 Main St,Apt 4,48226\n20 MAIN STREET,#4,48226\n"
        "20 Main St Apartment 4,,48226\n"
    )
    target = tmp_path / "out.csv"
    command = ["qualify", str(rows), "-o", str(target), "--simulate", *options]
    ended = call(*command)
    assert ended.code == 0, ended.err
    assert f"{sessions} session" in ended.err
    # The journal keeps the rules; the other ones are a contradiction.
    assert call(*command).code == 0
    contrary = "usps" if options else "exact"
    refused = call(*command[:4], "--simulate", "--dedupe", contrary)
    assert refused.code not in {0, 3}
    assert f"leave --dedupe {contrary} out" in " ".join(refused.err.split())


def test_the_log_goes_where_it_is_asked_to(
    call: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("hum_async")
    monkeypatch.setattr(logger, "hasHandlers", lambda: False)
    before, level = [*logger.handlers], logger.level
    try:
        log = tmp_path / "hum.log"
        assert call("ping", "--simulate", "--log", str(log)).code == 0
        assert "DEBUG hum_async.client: GET /ping: 200" in log.read_text(encoding="utf-8")
        monkeypatch.setenv("HUM_LOG", "debug")
        ended = call("ping", "--simulate")
        assert "DEBUG hum_async.client: GET /ping: 200" in ended.err
        ended = call("ping", "--simulate", "--log", str(tmp_path))
        assert ended.code == 1
        assert "cannot write the log" in ended.err
    finally:
        for handler in {*logger.handlers} - {*before}:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)
