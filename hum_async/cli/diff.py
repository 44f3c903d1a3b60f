"""``hum diff``: says what has changed between two results of the same addresses."""

import json as json_
import tempfile
from pathlib import Path
from typing import IO, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._addresses.usps_key import Dedupe
from hum_async.bulk.diff.outputs import ChangeSink, open_changes
from hum_async.bulk.diff.stream import DiffStream
from hum_async.bulk.diff.tabular import change_json, summary_json
from hum_async.cli._argument_types import PathOrDash
from hum_async.cli._console import data
from hum_async.cli._diff_view import show_diff, shown_first, written
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import FILES, WORK
from hum_async.cli._json_output import AsJson, parsable
from hum_async.cli._output_name import is_standard
from hum_async.cli._run import UsageError, run

_SPOOLED = 1 << 24
"""Bytes of JSON that are kept in memory until it is clear that they can be printed."""


def diff(  # noqa: PLR0913  each is an option of the command
    old: Annotated[Path, Parameter(group=FILES)],
    new: Annotated[Path, Parameter(group=FILES)],
    /,
    *,
    output: Annotated[PathOrDash | None, Parameter(alias="-o", group=FILES)] = None,
    overwrite: Annotated[bool, Parameter(negative=(), group=FILES)] = False,
    limit: Annotated[int, Parameter(validator=Number(gte=0), group=WORK)] = 20,
    any_data: Annotated[bool, Parameter(negative=(), group=WORK)] = False,
    dedupe: Annotated[Dedupe | None, Parameter(group=WORK)] = None,
    json: AsJson = False,
) -> int:
    """Say what has changed between two results of the same addresses; nothing is bought.

    Addresses are matched however they are spelled. Of each it says which providers it has gained or
    lost, whether there is fiber now, and how its top speed, lowest price and outcome have moved.

    Args:
        old: The older results: an output of hum qualify in any format, or a journal.
        new: The newer results.
        output: Write every address that has changed to this file: .csv, .tsv, .json, .jsonl,
            .geojson, .xlsx, .parquet, or .html for a page that needs no network.
        overwrite: Replace the output if it is there.
        limit: Addresses that are shown here.
        any_data: Compare answers although their data sets differ in kind, such as v.1006 and
            25041808. Otherwise such addresses are only counted.
        dedupe: Which addresses are one: however they are spelled, after USPS Publication 28 (usps),
            or only as they are written (exact). Default: as the journals say, or usps.
        json: Print one JSON object.
    """

    def prepare() -> ExitCode:
        to_standard = is_standard(output)
        if json and to_standard:
            raise UsageError("--json and -o - cannot both go to standard output; name a file")
        stream = DiffStream(old, new, dedupe=dedupe, any_data=any_data)
        sink = None
        if output is not None:
            sink = open_changes(output, sources=(old, new), overwrite=overwrite)
        try:
            if json:
                _print_json(stream, sink)
            else:
                first, left = shown_first(stream, limit, sink)
                if not to_standard:
                    show_diff(stream.summary, first, left)
            if sink is not None:
                sink.close(stream.summary)
        except BaseException:
            if sink is not None:
                sink.discard()
            raise
        if output is not None and not to_standard and not json:
            data.print(f"Changes: {output}", markup=False, highlight=False)
        return ExitCode.OK

    return run(prepare)


def _print_json(stream: DiffStream, sink: ChangeSink | None) -> None:
    # Whatever cannot be read shows first: then nothing is printed.
    with tempfile.SpooledTemporaryFile(_SPOOLED, mode="w+", encoding="ascii") as changes:
        count = 0
        for count, change in enumerate(written(stream, sink), 1):
            changes.write(", " if count > 1 else "")
            changes.write(json_.dumps(parsable(change_json(change))))
        changes.seek(0)
        start = json_.dumps(parsable(summary_json(stream.summary)))
        data.out(f'{start[:-1]}, "changes": [', end="", highlight=False)
        _copy(changes)
        data.out("]}", highlight=False)


def _copy(stream: IO[str]) -> None:
    while part := stream.read(1 << 16):
        data.out(part, end="", highlight=False)
