"""The tools that `hum mcp` offers to an assistant, and the bound of what it may buy.

An assistant works for a person who pays. So nothing is bought unless the call says that the person
has agreed, and never more than the bound that was given on the command line, whatever is asked.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from hum_async._addresses.line import parse_line
from hum_async._plain import cleared
from hum_async._version import __version__
from hum_async._wording import counted
from hum_async.bulk.columns import MappingError
from hum_async.bulk.job_status import status_of
from hum_async.bulk.preflight import examine
from hum_async.bulk.result_columns import json_values, result_values
from hum_async.bulk.tables import STANDARD, is_stream
from hum_async.cli._input import InputOptions
from hum_async.cli._json_output import check_values, parsable, status_values
from hum_async.client import HumClient
from hum_async.errors import HumError, InputError
from hum_async.models import Outcome, Qualification

_INSTRUCTIONS = (
    "Hum says which internet providers serve a US address. Looking up an address buys a session, "
    "which costs money. Ask your user before each purchase, and pass buy=true only if they agreed. "
    "check and job_status cost nothing."
)
_FREE = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
_PAID = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)


@attrs.define
class PurchaseBound:
    """How many sessions may still be bought. Synchronous.

    Attributes:
        sessions: Sessions that may be bought in all, 0 or more.
        spent: Sessions that were bought, or may have been, or are being bought now.
    """

    sessions: int
    spent: int = 0

    @property
    def left(self) -> int:
        """Sessions that may still be bought."""
        return max(0, self.sessions - self.spent)

    def reserve(self) -> bool:
        """Take one out of what is left before it is bought; return whether there was one."""
        if not self.left:
            return False
        self.spent += 1
        return True

    def settle(self, result: Qualification) -> None:
        """Put back what a look-up has certainly not bought.

        Args:
            result: Its result. A look-up that ends without one may have bought.
        """
        if not may_have_bought(result):
            self.spent -= 1


async def bound_of(client: HumClient, sessions: int) -> PurchaseBound:
    """Return the bound of a server that starts now.

    What the client's ledger holds counts: an assistant that starts the server again, or makes it
    end, gains nothing by it.

    Args:
        client: Looks addresses up.
        sessions: Sessions that may be bought in all.

    Raises:
        JournalError: The ledger cannot be used.
    """
    if client.ledger is None:
        return PurchaseBound(sessions)
    return PurchaseBound(sessions, spent=(await client.ledger.open()).spent)


def may_have_bought(result: Qualification) -> bool:
    """Return whether a look-up has cost something, or may have."""
    asked = result.requests > 0
    return asked and (result.token is not None or result.outcome is Outcome.UNCERTAIN)


def make_server(client: HumClient, bound: PurchaseBound) -> MCPServer:
    """Return the server.

    Args:
        client: Looks addresses up.
        bound: What may be bought.
    """
    server = MCPServer("hum", version=__version__, instructions=_INSTRUCTIONS, log_level="ERROR")

    @server.tool(annotations=_PAID)
    async def lookup(address: str, buy: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  as clients send it
        """Say which internet providers serve one US address. This buys a session.

        Args:
            address: STREET[, UNIT], CITY, STATE ZIP.
            buy: True only if your user has agreed to pay for this look-up.
        """
        with _told():
            parsed = parse_line(address)
        if not buy:
            return _not_bought("ask your user, and call again with buy=true if they agree", bound)
        if not bound.reserve():
            return _not_bought(
                "no more may be bought; your user can raise --max-sessions of hum mcp", bound
            )
        with _told():
            result = await client.lookup(parsed)
        bound.settle(result)
        found = _plain(json_values(result_values(cleared(result))))
        return found | {"bought": may_have_bought(result), "sessions_left": bound.left}

    @server.tool(annotations=_FREE)
    def check(file: str) -> dict[str, Any]:
        """Say what is wrong with a file of addresses, and how many sessions a job would buy.

        Args:
            file: Path of a CSV, Excel, JSON lines or Parquet file.
        """
        with _told():
            table, plan = InputOptions().open(_regular(file))
            found = check_values(table, plan, examine(table, plan.columns), rate=None)
        return _plain(found)

    @server.tool(annotations=_FREE)
    def job_status(journal: str) -> dict[str, Any]:
        """Say how a job stands: rows, outcomes, sessions bought, time left.

        Args:
            journal: Path of its journal, usually OUT.journal.sqlite beside its output.
        """
        with _told():
            found = status_of(Path(_regular(journal)))
        return _plain(status_values(found))

    return server


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell the assistant what our errors say; it hears nothing of others."""
    try:
        yield
    except (HumError, MappingError) as exc:
        raise ToolError(str(exc)) from exc


def _regular(name: str) -> str:
    """Return the name of a file, and not of standard input, which carries what the assistant says.

    Raises:
        InputError: It names a stream: a pipe may wait for ever, and a device may have no end.
    """
    if name == STANDARD or is_stream(name):
        raise InputError(f"{name} is a stream: name a file")
    return name


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = parsable(values)
    return found


def _not_bought(reason: str, bound: PurchaseBound) -> dict[str, Any]:
    return {
        "bought": False,
        "reason": f"nothing was bought: {reason}",
        "sessions_left": bound.left,
        "told": f"{bound.left} of {counted(bound.sessions, 'session')} may still be bought",
    }
