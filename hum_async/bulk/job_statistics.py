"""How far a job is, in numbers."""

from decimal import Decimal

import attrs


@attrs.frozen
class JobStatistics:
    """A job at one moment.

    Attributes:
        delivered: Rows handed out.
        open: Sessions that are being looked up.
        requests: HTTP requests sent, retries and DELETEs included.
        sessions: Sessions that the API created.
        reused: Rows whose result was in the journal already.
        adopted: Sessions of an earlier run that were taken over.
        expiring: Sessions with a safe result that were not closed, because the job was asked to
            leave them to expire by themselves.
        cost: What the sessions cost that may have been billed, those of earlier runs included;
            None without a price.
        cost_today: What those of them cost that were asked for today, in UTC.
    """

    delivered: int
    open: int
    requests: int
    sessions: int
    reused: int = 0
    adopted: int = 0
    expiring: int = 0
    cost: Decimal | None = None
    cost_today: Decimal | None = None
