"""``hum compose``: writes the outputs of a job from its input and its journal."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from hum_async._addresses.usps_key import KeyRules
from hum_async._purchases.journals import open_files, open_reader
from hum_async._purchases.place import Place
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._wording import counted
from hum_async.bulk.files.compose import NAMED, Composed, Find
from hum_async.bulk.files.compose import compose as write_rows
from hum_async.bulk.files.manifest import manifest_of, note_manifest, read_manifest, write_manifest
from hum_async.bulk.files.outputs import JobOutputs, beside, file_of
from hum_async.bulk.files.own_files import OwnFiles
from hum_async.bulk.job_status import status_of
from hum_async.bulk.result_schema import SERVED_LEVELS
from hum_async.bulk.tables import SealedFile
from hum_async.cli._argument_types import OutputFormat, PathOrDash, ServiceLevels
from hum_async.cli._console import escaped, say
from hum_async.cli._database import DatabaseOptions
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import FILES, PURCHASES, WORK
from hum_async.cli._input import InputOptions
from hum_async.cli._output_name import check_names, check_standard, output_name
from hum_async.cli._run import UsageError, run
from hum_async.errors import InputError

_DEFAULT_INPUT = InputOptions()
_DEFAULT_DATABASE = DatabaseOptions()


def compose(  # noqa: PLR0913  each is an option of the command
    input: Annotated[PathOrDash, Parameter(group=FILES)],  # noqa: A002  the name that users see
    *,
    output: Annotated[PathOrDash | None, Parameter(alias="-o", group=FILES)] = None,
    format: Annotated[OutputFormat | None, Parameter(group=FILES)] = None,  # noqa: A002  as above
    long: Annotated[PathOrDash | None, Parameter(group=FILES)] = None,
    served: Annotated[ServiceLevels | None, Parameter(negative=(), group=FILES)] = None,
    overwrite: Annotated[bool, Parameter(negative=(), group=FILES)] = False,
    journal: Annotated[Path | None, Parameter(group=PURCHASES)] = None,
    quiet: Annotated[bool, Parameter(alias="-q", negative=(), group=WORK)] = False,
    table: InputOptions = _DEFAULT_INPUT,
    database: DatabaseOptions = _DEFAULT_DATABASE,
) -> int:
    """Write the outputs of a job from its input and its journal, as qualify does in the end.

    Needs no key and sends nothing. Works while the job runs, too: rows that
    have no result yet are left out. The exit code is 3 if there are such rows, or failed ones.

    Args:
        input: The input of the job.
        output: File to write; - is standard output. The default is that of qualify.
        format: Of the output; goes by the file's name if not given.
        long: Also write a row for each provider's offerings and plans to this file.
        served: Speeds in Mbps down and up, as 100/20,25/3 (the default), that get a column.
        overwrite: Replace outputs that the job did not write, or that were edited since.
        journal: The job's journal; default: beside the output, as OUT.journal.sqlite.
        quiet: Say nothing of what was written.
        table: How to read the input, as it was read for the job.
        database: Or the job in a database.
    """

    def prepare() -> ExitCode:
        check_names(output, fmt=format)
        check_names(long)
        source, plan = table.open(input)
        if not quiet:
            table.describe(source, plan)
        if table.stops(plan):
            return ExitCode.USAGE
        target = output_name(source, input, output=output, fmt=format)
        check_standard(results=target, long_table=long)
        outputs = JobOutputs(
            table=source,
            columns=plan.columns,
            target=target,
            fmt=format,
            long=long,
            levels=served or SERVED_LEVELS,
        )
        place = database.place(journal)
        if place is None and outputs.streams:
            raise UsageError("name the journal with --journal: there is none beside a stream")
        place = place or beside(target, ".journal.sqlite")
        own = outputs.check(journal=place, overwrite=overwrite)
        written = _composed(place, outputs, own)
        if (manifest := outputs.manifest) is not None:
            settings = _settings_in(manifest, beside(target, ".manifest.json"))
            content = manifest_of(
                status_of(place),
                path=manifest,
                files=outputs.described(written, encoding=table.encoding),
                composed=written,
                columns=outputs.added,
                settings=settings | {"served": [*map(str, outputs.levels)]},
            )
            write_manifest(manifest, content)
        if not quiet:
            _show(written, outputs)
        return ExitCode.FAILED_ROWS if written.failed or written.without else ExitCode.OK

    return run(prepare)


def _composed(place: Place, outputs: JobOutputs, own: OwnFiles) -> Composed:
    with contextlib.ExitStack() as opened:
        if not isinstance(place, DatabaseUrl):
            # A job may be running: nobody else writes to its file. The manifest knows the outputs.
            reader = opened.enter_context(open_reader(place))
            return _written(outputs, reader.find, reader.dedupe, lambda _: own.check())
        journal = opened.enter_context(open_files(place))
        composed = _written(outputs, journal.find, journal.dedupe, partial(own.record, journal))
        if outputs.manifest is not None:
            note_manifest(journal, outputs.manifest)
        return composed


def _written(
    outputs: JobOutputs,
    find: Find,
    dedupe: KeyRules,
    before_naming: Callable[[Sequence[SealedFile]], None],
) -> Composed:
    pipes = outputs.open_pipes()
    opened = outputs.open(rows=pipes.rows is None)
    opened = attrs.evolve(opened, rows=pipes.rows or opened.rows, long=pipes.long or opened.long)
    written = write_rows(
        outputs.table,
        outputs.columns,
        find,
        dedupe=dedupe,
        outputs=opened,
        stop=threading.Event(),
        before_naming=before_naming,
    )
    if written is None:
        raise RuntimeError("nothing stops it")
    return written


def _settings_in(*manifests: Path) -> dict[str, Any]:
    """Return the settings of the job that the first of its manifests names; none without one."""
    for manifest in manifests:
        with contextlib.suppress(InputError):
            settings = read_manifest(manifest).get("settings")
            return settings if isinstance(settings, dict) else {}
    return {}


def _show(written: Composed, outputs: JobOutputs) -> None:
    rows = f"{counted(written.rows, 'row')} with a result"
    failed = f", {written.failed:,} of them failed" if written.failed else ""
    say(f"[bold]{rows}{failed}[/]")
    if written.without:
        have = "has" if written.without == 1 else "have"
        numbers = ", ".join(map(str, written.missing))
        which = f": row {numbers} of the input" if written.without <= NAMED else ""
        say(f"[yellow]{counted(written.without, 'row')} {have} no result yet{which}[/]")
    for label, path in {
        "Results": file_of(outputs.target),
        "Failed rows": outputs.failed if written.failed else None,
        "Long table": file_of(outputs.long),
        "Manifest": outputs.manifest,
    }.items():
        if path is not None:
            say(f"{label}: {escaped(str(path))}")
