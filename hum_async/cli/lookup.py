"""``hum lookup``: looks up one address."""

from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from hum_async._addresses.line import parse_line
from hum_async._plain import cleared
from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.bulk.outcome_meaning import MEANING
from hum_async.bulk.result_columns import explanation, json_values, result_values
from hum_async.cli._api import SimulatedApiOptions, open_client, read_key
from hum_async.cli._campaign import CampaignId
from hum_async.cli._console import data, escaped, messages
from hum_async.cli._durations import Patience
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import WORK
from hum_async.cli._json_output import AsJson, print_json
from hum_async.cli._run import Command, UsageError, run
from hum_async.errors import ConnectFailed
from hum_async.models import Address, Offering, Outcome, Provider, Qualification

_DEFAULT_API = SimulatedApiOptions()
_ROOM_FOR_TABLE = 80


def lookup(
    *address: str,
    timeout: Annotated[Patience, Parameter(group=WORK)] = 120.0,
    campaign_id: Annotated[CampaignId | None, Parameter(group=WORK)] = None,
    json: AsJson = False,
    api: SimulatedApiOptions = _DEFAULT_API,
) -> int:
    """Look up one address.

    Args:
        address: STREET[, UNIT], CITY, STATE ZIP, as one argument or as several.
        timeout: Time for all of it, as 45s or 2m, waiting for the rate limit included.
        campaign_id: Your own label for the look-up, 1 to 100 characters.
        json: Print the result as one JSON object.
        api: How to reach the API.
    """

    async def look_up(parsed: Address, key: str | None) -> ExitCode:
        async with open_client(api, key=key) as client:
            with messages.status("Looking up the address ..."):
                found = await client.lookup(parsed, timeout=timeout, campaign_id=campaign_id)
        result = cleared(found)
        if json:
            print_json(json_values(result_values(result)))
        else:
            _show(result)
        if isinstance(result.error, ConnectFailed):
            return ExitCode.COULD_NOT_RUN
        return ExitCode.FAILED_ROWS if result.outcome in FAILED_OUTCOMES else ExitCode.OK

    # Words without quotes are one line, too; arguments with spaces are parts of one.
    joint = ", " if any(" " in part for part in address) else " "
    line = joint.join(address)

    def prepare() -> Command:
        if not line.strip(" ,"):
            raise UsageError('name an address, such as "1420 Washington Blvd, Detroit, MI 48226"')
        return look_up(parse_line(line), read_key(api))

    return run(prepare)


def _show(result: Qualification) -> None:
    place = result.service_address.normalized if result.service_address else None
    reason = explanation(result) or MEANING[result.outcome]
    data.print(f"{result.outcome}: {escaped(reason)}")
    if result.outcome is Outcome.TIMED_OUT and result.token:
        data.print(f"Its session goes on: hum watch {escaped(result.token)}", soft_wrap=True)
    if place:
        data.print(f"Address: {escaped(place)}")
    if result.outcome == Outcome.SERVED and data.width < _ROOM_FOR_TABLE:
        for provider in result.providers:
            data.print(_line(provider), soft_wrap=False)
    elif result.outcome == Outcome.SERVED:
        table = Table("provider", "technology", "down/up Mbps", "from USD", "telephone")
        for provider in result.providers:
            table.add_row(*_cells(provider))
        data.print(table)
    data.print(f"{result.requests} requests, {result.elapsed:.1f} s", style="dim")


def _line(provider: Provider) -> str:
    """Return the row of a provider as a line, for a narrow terminal."""
    name, technologies, speeds, price, telephone = _cells(provider)
    parts = (f"{technologies} {speeds} Mbps", f"from {price} USD" if price else "", telephone)
    return f"[bold]{name}:[/] {', '.join(filter(None, parts))}"


def _cells(provider: Provider) -> tuple[str, ...]:
    price = provider.min_price
    return (
        escaped(provider.name),
        ", ".join(escaped(offering.technology or "?") for offering in provider.offerings),
        ", ".join(_speed(offering) for offering in provider.offerings),
        f"{price.amount_cents / 100:.2f}" if price else "",
        escaped(provider.telephone or ""),
    )


def _speed(offering: Offering) -> str:
    ends = (offering.max_download_mbps, offering.max_upload_mbps)
    return "/".join("?" if end is None else f"{end:g}" for end in ends)
