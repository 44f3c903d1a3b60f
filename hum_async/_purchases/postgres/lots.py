"""The lots of a job in a database: what is done, who has what in hand, and what is free."""

from collections.abc import Callable, Sequence
from typing import Any

from hum_async._purchases.lots import MAX_TRIES, Lot, LotCounts, LotLayout, layout_of
from hum_async._purchases.postgres import job as jobs
from hum_async._purchases.postgres.connection import Connection, Database
from hum_async._purchases.postgres.schema import ALIVE
from hum_async._purchases.reader import FINISHED_AT
from hum_async._wording import counted
from hum_async.errors import JournalError


async def counts_of(connection: Connection, job: int) -> LotCounts | None:
    """Return how far the lots of a job are; None for a job that was not divided into lots."""
    rows = await connection.fetchval("SELECT input_rows FROM job WHERE id = $1", job)
    if rows is None:
        return None
    found = await connection.fetchrow(_COUNTS, job, MAX_TRIES)
    layout = LotLayout(rows, found["lots"])
    last = found["lots"] - 1
    missing = layout.size * layout.lots - rows if found["last_done"] else 0
    return LotCounts(
        layout,
        found["done"],
        found["in_hand"],
        found["done"] * layout.size - missing,
        tuple(layout.lot(number) for number in found["set_aside"] if number <= last),
    )


_FREE = (
    f"(l.worker IS NULL OR NOT EXISTS (SELECT 1 FROM worker w WHERE w.id = l.worker AND {ALIVE}))"
)
"""SQL: whether nobody living has the lot `l` in hand. Not by a join: where another worker took the
lot meanwhile, the server looks at its row again, but not at the row that was joined to it."""
_COUNTS = f"""
SELECT
  count(*) AS lots,
  count(*) FILTER (WHERE l.done) AS done,
  count(*) FILTER (WHERE NOT l.done AND NOT {_FREE}) AS in_hand,
  coalesce(bool_or(l.done) FILTER (WHERE l.number = (SELECT max(number) FROM lot WHERE job = $1)),
           false) AS last_done,
  coalesce(array_agg(l.number ORDER BY l.number)
           FILTER (WHERE NOT l.done AND l.tries >= $2 AND {_FREE}), '{{}}') AS set_aside
FROM lot l WHERE l.job = $1
"""
_CLAIM = f"""
WITH free AS (
  SELECT l.number FROM lot l
  WHERE l.job = $1 AND NOT l.done AND (
    (l.tries < $3 AND {_FREE}) OR (l.worker = $2 AND l.number <> ALL($4::int[]))
  )
  ORDER BY l.number LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE lot SET worker = $2, tries = tries + 1 FROM free
WHERE lot.job = $1 AND lot.number = free.number RETURNING lot.number
"""


class Lots:
    """The lots of one job, for one of its workers.

    Args:
        database: Where they are.
        job: The job's number.
        worker: Returns this worker's number, which changes when it was taken for dead.
        label: What messages call the job.
    """

    def __init__(
        self, database: Database, *, job: int, worker: Callable[[], int], label: str
    ) -> None:
        self._database = database
        self._job = job
        self.worker = worker
        self._label = label
        self._known_as = worker()
        self._layout = LotLayout(0, 0)
        self._in_hand: set[int] = set()

    @property
    def layout(self) -> LotLayout:
        """How the input is divided, once it is known."""
        return self._layout

    async def lay_out(self, *, digest: str, rows: int, again: bool) -> None:
        """Divide the input into lots, or find that somebody has done so.

        Args:
            digest: Digest of the input and of how it is read.
            rows: Number of its rows.
            again: Look at all rows again, unless others are at the job.

        Raises:
            JournalError: The job has another input.
        """
        self._layout = await self._database.run(
            lambda connection: self._laid_out(connection, digest, rows, again=again)
        )

    async def claim(self) -> Lot | None:
        """Take a lot in hand that nobody has; None if there is none at the moment."""
        number = await self._database.run(self._claimed)
        if number is None:
            return None
        self._in_hand.add(number)
        return self._layout.lot(number)

    async def done(self, numbers: Sequence[int]) -> None:
        """Note that all rows of these lots have their results, which are in the database."""

        async def note(connection: Connection) -> None:
            await connection.execute(
                "UPDATE lot SET done = true WHERE job = $1 AND number = ANY($2::int[])",
                self._job,
                list(numbers),
            )

        await self._database.run(note)
        self._in_hand.difference_update(numbers)

    async def give_back(self) -> None:
        """Let others take what this worker has in hand, because it leaves."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE lot SET worker = NULL, tries = tries - 1 "
                "WHERE job = $1 AND worker = ANY($2::bigint[]) AND NOT done",
                self._job,
                [self._known_as, self.worker()],
            )
        )

    async def counts(self) -> LotCounts:
        """Return how far the lots are."""
        found = await self._database.run(lambda connection: counts_of(connection, self._job))
        if found is None:
            raise JournalError(f"{self._label} is gone from the database; run the same again")
        return found

    async def others(self) -> int:
        """Return the number of other workers that live."""
        number: int = await self._database.run(self._others)
        return number

    async def _claimed(self, connection: Connection) -> int | None:
        worker = self.worker()
        if worker != self._known_as:
            # It was taken for dead. What nobody has taken since is still in its hands.
            await connection.execute(
                "UPDATE lot SET worker = $2 WHERE job = $1 AND worker = $3 AND NOT done",
                self._job,
                worker,
                self._known_as,
            )
            self._known_as = worker
        # One that it took, and whose answer was lost with the connection, is its own, too.
        number: int | None = await connection.fetchval(
            _CLAIM, self._job, worker, MAX_TRIES, list(self._in_hand)
        )
        return number

    async def _others(self, connection: Connection) -> Any:
        return await connection.fetchval(
            f"SELECT count(*) FROM worker w WHERE w.job = $1 AND w.id <> $2 AND {ALIVE}",
            self._job,
            self.worker(),
        )

    async def _laid_out(
        self, connection: Connection, digest: str, rows: int, *, again: bool
    ) -> LotLayout:
        known = await connection.fetchrow(
            "SELECT input_digest, input_rows FROM job WHERE id = $1 FOR UPDATE", self._job
        )
        layout = layout_of(rows)
        if known["input_digest"] is None:
            await connection.execute(
                "UPDATE job SET input_digest = $2, input_rows = $3 WHERE id = $1",
                self._job,
                digest,
                rows,
            )
            await connection.execute(
                "INSERT INTO lot (job, number) SELECT $1, n FROM generate_series(0, $2 - 1) AS n",
                self._job,
                layout.lots,
            )
            return layout
        self._check(known, digest, rows)
        await jobs.set_setting(connection, self._job, FINISHED_AT, None)
        if not await self._others(connection):
            # Nobody is at it: what was set aside is tried again.
            await connection.execute(
                "UPDATE lot SET worker = NULL, tries = 0, done = done AND NOT $2 "
                "WHERE job = $1 AND (NOT done OR $2)",
                self._job,
                again,
            )
        lots = await connection.fetchval("SELECT count(*) FROM lot WHERE job = $1", self._job)
        return LotLayout(rows, lots)

    def _check(self, known: Any, digest: str, rows: int) -> None:
        advice = (
            "every worker of a job reads the same file in the same way (--map, --sheet, "
            "--header-row); name another job with --job, or start over with --fresh"
        )
        if known["input_rows"] != rows:
            raise JournalError(
                f"{self._label} has another input: {counted(known['input_rows'], 'row')} instead "
                f"of {rows:,}; {advice}"
            )
        if known["input_digest"] != digest:
            raise JournalError(
                f"{self._label} has another input, or it was read otherwise: it has as many rows, "
                f"but their digest differs; {advice}"
            )
