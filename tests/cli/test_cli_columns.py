"""What `hum check` and `hum qualify` say of the columns, and that both stop where in doubt."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest
from column_heads import HEADS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DETROIT = "Detroit,MI,48226"
PLACE = "city,state,zip"
DOUBTFUL = {
    "two-groups": "Mailing Address,Mailing Zip,Service Address,Service Zip\n"
    "PO Box 9,48901,1 A St,48226\n",
    "situs": "SITUS,MAILADDR,MAILZIP\n1 A St,9 ELM AVE,75201\n",
    "unknown-street": f"Address,{PLACE},Foo\n1 A St,{DETROIT},9 ELM AVE\n",
    "situs-in-parts": "SITUS_NUM,SITUS_NAME,SITUS_TYPE,SITUS_ZIP,MAIL_ADDR1,MAIL_ZIP\n"
    "1,MAIN,ST,48226,9 ELM AVE,75201\n",
    "two-rows": ",Billing,,Service,\nName,Street,Zip,Street,Zip\nX,9 ELM AVE,75201,1 A St,48226\n",
    "names-twice": f"Address,{PLACE},Address,{PLACE}\nPO Box 9,{DETROIT},1 A St,{DETROIT}\n",
    "no-numbers": f"street,{PLACE}\n" + f"MAIN ST,{DETROIT}\n" * 3,
    "numbers-beside": f"id,hausnr,street,{PLACE}\n"
    + "".join(f"{n},{n * n},MAIN ST,{DETROIT}\n" for n in (7, 8, 9)),
    "unit-by-value": f"street,more info,{PLACE}\n1 A St,Apt 4,{DETROIT}\n1 A St,Apt 5,{DETROIT}\n",
    "letters": f"HOUSE_NO,ALPHA,STREET,{PLACE}\n1,A,B ST,{DETROIT}\n1,B,B ST,{DETROIT}\n",
    "no-heading": f"street,F7,{PLACE}\n1 A St,1,{DETROIT}\n1 A St,2,{DETROIT}\n",
    "suffix": f"street,F7,{PLACE}\n1 OAK,ST,{DETROIT}\n1 OAK,AVE,{DETROIT}\n",
    "room-and-door": f"street,Room,Door,{PLACE}\n1 A St,2,a,{DETROIT}\n1 A St,2,b,{DETROIT}\n",
    "plain-number": f"No.,street,{PLACE}\n" + f"101,ELLIS ST,{DETROIT}\n103,ELLIS ST,{DETROIT}\n",
    "only-numbers": f"Address,Address2,{PLACE}\n" + f"101,ELLIS ST,{DETROIT}\n" * 3,
    "far-behind": f"street,Door,{PLACE}\n"
    + f"1 A St,,{DETROIT}\n" * 1000
    + f"1 A St,4,{DETROIT}\n",
    "swapped": f"street,{PLACE}\n" + "1 A St,Detroit,48226,MI\n" * 3,
    "unit-first": f"address1,address2,{PLACE}\n" + f"Apt B,1 A St,{DETROIT}\n" * 3,
    "by-value": f"a,b,c,d\n1 A St,{DETROIT}\n",
    "plus-in-name": f"No+Street,No,extra,{PLACE}\n1 A St,,Unit 3,{DETROIT}\n",
    "quotes": f'Street,"Bob\'s ""info""",{PLACE}\n1 A St,Apt 4,{DETROIT}\n',
    "option-like": f"Street,--yes,{PLACE}\n1 A St,Apt 4,{DETROIT}\n",
}


@pytest.fixture
def typed(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a command as if it was typed: it can show itself again."""

    def typed(*arguments: str) -> Any:
        monkeypatch.setattr(sys, "argv", ["/usr/bin/hum", *arguments])
        return call(*arguments)

    return typed


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        (tmp_path / "in.csv").write_text(text, encoding="utf-8")
        return str(tmp_path / "in.csv")

    return write


def printed(err: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in err.splitlines() if line.startswith("  hum ")]


@pytest.mark.parametrize("name", DOUBTFUL)
@pytest.mark.slow
def test_check_and_qualify_stop_alike_and_each_printed_command_goes_on(
    typed: Callable[..., Any],
    write: Callable[[str], str],
    files: Callable[[], list[str]],
    name: str,
) -> None:
    job = write(DOUBTFUL[name])
    ended = typed("check", job, "--limit", "3")
    assert ended.code == 2
    assert "In doubt: " in ended.err
    commands = printed(ended.err)
    assert commands
    for command in commands:
        assert command[0] == "check"
        assert command[-2:] == ["--limit", "3"] or "--yes" in command
        assert typed(*command).code in {0, 3}
        assert typed("qualify", *command[1:-2], "--dry-run").code in {0, 3}
    stopped = typed("qualify", job, "--simulate", "-o", f"{job}.out.csv")
    assert stopped.code == 2
    assert len(printed(stopped.err)) == len(commands)
    assert files() == ["in.csv"]


def test_yes_goes_on_as_guessed(
    typed: Callable[..., Any], write: Callable[[str], str], tmp_path: Path
) -> None:
    job, out = write(DOUBTFUL["two-groups"]), tmp_path / "out.jsonl"
    ended = typed("qualify", job, "--simulate", "--yes", "-o", str(out))
    assert ended.code == 0
    assert "as guessed" in ended.err
    assert json.loads(out.read_text(encoding="utf-8"))["hum_outcome"]
    assert typed("check", job, "-y").code == 0


def test_a_dry_run_shows_the_rows_and_stops_too(
    typed: Callable[..., Any], write: Callable[[str], str]
) -> None:
    ended = typed("qualify", write(DOUBTFUL["no-numbers"]), "--dry-run")
    assert ended.code == 2
    assert "3 rows" in ended.out
    assert "--yes" in ended.err


@pytest.mark.parametrize("name", [*HEADS][::5])
def test_every_column_is_named_on_the_screen(
    typed: Callable[..., Any], write: Callable[[str], str], name: str
) -> None:
    head, rows, _ = HEADS[name]
    ended = typed("check", write("\n".join([head, *rows, ""])))
    assert ended.code in {0, 3}
    said = ended.err.replace("\n", " ")
    assert all(column.strip('"') in said for column in head.split(","))


def test_neighbours_of_one_street_are_bought_one_by_one_and_verified(
    typed: Callable[..., Any], write: Callable[[str], str], tmp_path: Path
) -> None:
    head, rows, _ = HEADS["openaddresses"]
    out = tmp_path / "out.jsonl"
    job = write("\n".join([head, *rows, ""]))
    assert typed("qualify", job, "--simulate", "-o", str(out)).code == 0
    manifest = json.loads((tmp_path / "out.manifest.json").read_text(encoding="utf-8"))
    assert manifest["sessions"]["bought"] == 3
    assert manifest["files"]["input"]["columns"]["street1"] == "NUMBER+STREET"
    verified = typed("verify", str(tmp_path / "out.journal.sqlite"))
    assert verified.code == 0


def test_flats_of_one_house_are_bought_one_by_one(
    typed: Callable[..., Any], write: Callable[[str], str]
) -> None:
    rows = "".join(f"100 Main St,{unit},{DETROIT}\n" for unit in "123")
    ended = typed("check", write(f"Street,Apt/Suite,{PLACE}\n{rows}"))
    assert ended.code == 0
    assert "3 sessions will be bought" in ended.out


def test_whole_addresses_are_split_and_verified(
    typed: Callable[..., Any], write: Callable[[str], str], tmp_path: Path
) -> None:
    head, rows, _ = HEADS["address-alone"]
    job = write("\n".join([head, *rows, "3,nowhere", ""]))
    out = tmp_path / "out.csv"
    assert typed("qualify", job, "--simulate", "-o", str(out), "--map", "address=2").code == 3
    assert out.read_text(encoding="utf-8").count("INVALID_ADDRESS") == 1
    assert typed("verify", str(tmp_path / "out.journal.sqlite")).code == 0


def test_an_older_manifest_is_verified(
    typed: Callable[..., Any], write: Callable[[str], str], tmp_path: Path
) -> None:
    job = write(f"street,{PLACE}\n1 A St,{DETROIT}\n")
    typed("qualify", job, "--simulate", "-o", str(tmp_path / "out.csv"))
    path = tmp_path / "out.manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    # Older versions wrote a heading for each field, as this one does for single columns.
    assert manifest["files"]["input"]["columns"] == {
        "street1": "street",
        "city": "city",
        "state": "state",
        "zip": "zip",
    }
    assert typed("verify", str(tmp_path / "out.journal.sqlite")).code == 0


def test_a_file_without_a_header_is_told(
    typed: Callable[..., Any], write: Callable[[str], str]
) -> None:
    job = write(f"100 Main St,{DETROIT}\n200 Main St,{DETROIT}\n")
    for command in ("check", "qualify"):
        ended = typed(command, job, *(["--simulate"] if command == "qualify" else []))
        assert ended.code == 1
        assert "has no header" in ended.err


def test_other_mappings_are_kept_in_the_printed_command(
    typed: Callable[..., Any], write: Callable[[str], str]
) -> None:
    job = write(DOUBTFUL["unit-by-value"])
    ended = typed("check", job, "--map=zip=5", "--map", "city=3")
    command = printed(ended.err)[0]
    assert [word for word in command if word.startswith(("zip=", "city="))] == [
        "city=city",
        "zip=zip",
    ]
    assert typed(*command).code == 0


@pytest.mark.parametrize("number", ["ADDR_NO", "NO"])
def test_two_parts_that_are_not_used_go_on_with_one_command(
    typed: Callable[..., Any], write: Callable[[str], str], number: str
) -> None:
    rows = ("100,N,MAIN,ST,,Reno,89501", "100,,MAIN,ST,W,Reno,89501")
    path = write("\n".join([f"{number},k1,STREET,SUF,k2,CITY,ZIP", *rows, ""]))
    street = f"street1={number}+k1+STREET+SUF+k2"
    for command in (("check",), ("qualify", "--dry-run")):
        ended = typed(*command, path)
        assert ended.code == 2
        assert street in ended.err
    mapped = typed("check", path, "--map", street)
    assert mapped.code in {0, 3}
    assert "2 sessions" in mapped.out
