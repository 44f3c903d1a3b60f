"""One limit for several members: who may send when, decided on state that all of them share.

`SharedLimit` holds the state of one `RateController` and of those who share it. A member reads it
from where it is kept, calls `SharedLimit.exchange`, and writes it back if nobody else has written
meanwhile. It gets a *lease*: instants, at each of which it may send one request. Instants of all
members together form one row, whose spaces are those of the pacer.

* A lease is short, so that members take turns, hear of a pause soon, and lose little by a crash.
* Rows leave some instants *free*: a request that is more urgent than those of the row takes one at
  once, and need not go to the end of the row. A free instant that is near and still there goes to
  whoever asks.
* Instants that were leased and not used come back: the row is a little denser until they are made
  up for.

Synchronous and without a clock: ``now`` is an argument, in seconds of the clock of the place where
the state is kept. Members tell and hear times of their own clocks, and say what is between the two.
"""

import math
from typing import Any

import attrs

from hum_async._limits.lease_reports import Answer, Bounds, Lease, Report
from hum_async._limits.pacing import RateController
from hum_async._limits.plain_times import plain_time, read_time
from hum_async._limits.priorities import Priority

LEASE_SECONDS = 0.4
"""Seconds of the row that are leased to all members who send, together."""

CAREFUL_LEASE_SECONDS = 0.1
"""The same while a refusal is likely, so that all hear of it soon."""

SEARCH_LEASE_SECONDS = 0.05
"""The same while no limit is known, and the rate doubles."""

EXCHANGES_PER_LEASE, CAREFUL_EXCHANGES_PER_LEASE = 4.0, 2.0
"""Leases last for so many exchanges at least, where the store is far away."""

SLOWEST_EXCHANGE = 0.5
"""Seconds of an exchange for which leases are made longer, at most."""

SENDING_SECONDS = 1.5
"""Seconds for which a member counts as sending after it last wanted to."""

LISTED_SECONDS = 60.0
"""Seconds for which a member is listed after it was last heard of."""

AWAY_SECONDS = 3.0
"""Seconds for which members that have not come back to an emptied store keep their share."""

LEAST_FREE, MOST_FREE = 0.1, 0.9
"""Share of a row's instants that it leaves free, at least and at most."""

FREE_PER_DEMAND = 1.5
"""Free instants for each that was taken of late: demand comes unevenly."""

DEMAND_SECONDS = 1.0
"""Seconds over which demand is averaged."""

NEAR_SECONDS = 0.08
"""Seconds ahead within which whoever asks may take a free instant; waiting longer, it would pass
unused."""

MAX_FREE = 128
"""Free instants that are remembered; the state shall stay small."""

REPAID = 0.04
"""Share of the rate by which a row is denser while unused instants are made up for."""

MAX_REPAID = 0.5
"""The same where members keep losing that much."""

UNUSED_SECONDS = 2.0
"""Seconds over which unused instants are averaged."""

MAX_UNUSED_SECONDS = 0.4
"""Seconds of the rate that are made up for at most: a rest earns no burst."""


_INTERACTIVE, _NORMAL, _BULK = Priority

_MOST_COUNTED = 1e6
"""Requests per second; a rate without bound has no instants that could be missed."""

_NO_BOUNDS = Bounds()

_ABSENT = len(Priority)
"""In the place of a priority: left free for members that are away."""


@attrs.define
class _Member:
    """A member as the others know it: when it was last heard of and last wanted to send.

    An exchange takes it `exchange` seconds. Until `away_until` it goes on alone, as
    far as is known.
    """

    seen: float
    wanted: float
    bounds: Bounds
    exchange: float
    away_until: float = -math.inf


class SharedLimit:
    """The state of a limit that several members share.

    Args:
        bounds: Of the first member.
    """

    VERSION = 1
    """Of the dump; members with another one cannot read it."""

    def __init__(self, bounds: Bounds = _NO_BOUNDS) -> None:
        self._controller = RateController(
            rate=bounds.rate, max_rate=bounds.max_rate, burst=bounds.burst
        )
        self._bounds = bounds
        self._members: dict[str, _Member] = {}
        self._seen = -math.inf
        # Free instants, each with the priority whose row left it free, or `_ABSENT`; in no order.
        self._free: list[tuple[float, int]] = []
        # How many free instants the row owes, a part of one.
        self._owed = self._owed_absent = 0.0
        # Instants taken per second, of each priority.
        self._demand = [0.0] * len(Priority)
        # Until when requests of each priority are known to wait for instants.
        self._hungry_until = [-math.inf] * len(Priority)
        # Instants to be made up for, and how many per second come back unused.
        self._unused = 0.0
        self._unused_pace = 0.0

    # --- the state as plain values

    def dump(self) -> dict[str, Any]:
        """Return the whole state as values that JSON can hold; `load` reads it."""
        return {
            "version": self.VERSION,
            "controller": self._controller.dump(),
            "bounds": attrs.astuple(self._bounds),
            "members": {
                name: [
                    each.seen,
                    plain_time(each.wanted),
                    attrs.astuple(each.bounds),
                    round(each.exchange, 3),
                ]
                + ([] if math.isinf(each.away_until) else [each.away_until])
                for name, each in self._members.items()
            },
            "seen": self._seen,
            "free": self._free,
            "owed": round(self._owed, 4),
            "hungry": [plain_time(each) for each in self._hungry_until],
            "demand": [round(each, 3) for each in self._demand],
            "unused": round(self._unused, 3),
            "unused_pace": round(self._unused_pace, 3),
        }

    @classmethod
    def load(
        cls, plain: dict[str, Any], *, shift: float = 0.0, now: float = math.inf
    ) -> "SharedLimit":
        """Return what was dumped, with `shift` seconds added to every time: those of another clock.

        Args:
            plain: The dump.
            shift: Seconds that are added.
            now: The present time, if known. A dump from later than that is one from before the
                clock was set back: what was to be soon is still to be soon.

        Raises:
            KeyError, TypeError, ValueError: It is no dump, or one of another version.
        """
        if plain["version"] != cls.VERSION:
            raise ValueError(f"version {plain['version']!r} of a shared limit is not known")
        shift += min(0.0, now - (plain["seen"] + shift))
        loaded = cls(Bounds(*plain["bounds"]))
        loaded._controller = RateController.load(plain["controller"], shift=shift)
        loaded._members = {
            name: _Member(
                seen + shift,
                read_time(wanted, shift),
                Bounds(*bounds),
                exchange,
                away[0] + shift if away else -math.inf,
            )
            for name, (seen, wanted, bounds, exchange, *away) in plain["members"].items()
        }
        loaded._seen = plain["seen"] + shift
        loaded._free = [(at + shift, left_by) for at, left_by in plain["free"]]
        loaded._owed, loaded._demand = plain["owed"], list(plain["demand"])
        loaded._hungry_until = [read_time(each, shift) for each in plain["hungry"]]
        loaded._unused, loaded._unused_pace = plain["unused"], plain["unused_pace"]
        return loaded

    # --- those who share it

    @property
    def members(self) -> int:
        """How many members are listed."""
        return len(self._members)

    def alone(self, *, shift: float) -> RateController:
        """Return a controller for one member that goes on alone, with its share of the rate.

        Args:
            shift: Its clock minus that of the state.
        """
        controller = RateController.load(self._controller.dump(), shift=shift)
        controller.scale(1.0 / max(1, self.members))
        return controller

    def restored(self, now: float) -> None:
        """Note that the state was lost and is here again from a member's copy.

        The other members still go on alone: until they come back, or for some seconds, the row
        leaves them their shares.
        """
        for member in self._members.values():
            member.seen, member.away_until = now, now + AWAY_SECONDS
        self._free.clear()
        self._seen = now

    def exchange(self, now: float, report: Report, *, shift: float = 0.0) -> Lease:
        """Learn what a member tells, and lease it instants.

        Args:
            now: The present time on the clock of the state.
            report: What it tells and asks for.
            shift: That clock minus the member's.
        """
        self._pass_time(now)
        returning = self._list(now, report)
        for answer in sorted(report.answers, key=lambda each: each.at):
            self._learn(answer, shift)
        if report.found_rate is not None:
            self._controller.resume(report.found_rate)
        if report.paused_until + shift > now:
            self._pause(now, report.paused_until + shift)
        self._take_back(now, report, shift)
        leased, size = self._lease(now, report, returning=returning)
        row_ends = self._controller.ready_at(now)
        seconds = self._lease_seconds(now)
        # Half of the time in which, of all that send, each has one turn of one request.
        turn = min(0.5 * self._sending(now) / self._controller.rate, seconds)
        again_at = max(self._controller.gate.until, row_ends - seconds, now + turn)
        return Lease(
            instants=tuple(sorted(at - shift for each in leased for at in each)),
            urgent=tuple(at - shift for at in leased[_INTERACTIVE]),
            size=size,
            again_at=again_at - shift,
            refresh=seconds,
            paused_until=self._controller.gate.until - shift,
            row_ends=row_ends - shift,
            rate=self._controller.rate,
            found_rate=self._controller.found,
            searching=self._controller.searching,
            members=self.members,
        )

    # --- what was told

    def _pass_time(self, now: float) -> None:
        passed = now - self._seen
        row_ends = self._controller.ready_at(self._seen)
        if now > row_ends and any(until > now for until in self._hungry_until):
            # Requests waited, and nobody was quick enough to ask for their instants.
            self._make_up_for((now - row_ends) * min(self._controller.rate, _MOST_COUNTED))
        self._demand = [each * math.exp(-passed / DEMAND_SECONDS) for each in self._demand]
        self._unused_pace *= math.exp(-passed / UNUSED_SECONDS)
        self._seen = now
        gone = [left_by for at, left_by in self._free if at < now]
        if gone:
            self._free = [each for each in self._free if each[0] >= now]
            # Members that are away send without asking.
            self._make_up_for(len(gone) - gone.count(_ABSENT))

    def _list(self, now: float, report: Report) -> bool:
        """List who reports; return whether it was away."""
        members = self._members
        known = members.pop(report.member, None)
        if not report.leaving:
            wanted = now if any(report.wants) else known.wanted if known else -math.inf
            members[report.member] = _Member(now, wanted, report.bounds, report.exchange)
        for name in [name for name, each in members.items() if each.seen < now - LISTED_SECONDS]:
            del members[name]
        asked = [each.bounds for each in members.values()] or [report.bounds]
        bounds = Bounds(
            min((each.rate for each in asked if each.rate is not None), default=None),
            min((each.max_rate for each in asked if each.max_rate is not None), default=None),
            min(each.burst for each in asked),
        )
        if bounds != self._bounds:
            self._bounds = bounds
            self._controller.configure(**attrs.asdict(bounds))
        return known is not None and known.away_until > now

    def _learn(self, answer: Answer, shift: float) -> None:
        controller = self._controller
        at = answer.at + shift
        sent = None if answer.sent is None else answer.sent + shift
        was_closed_until = controller.gate.until
        if answer.refused:
            controller.throttled(at, answer.retry_after, sent=sent, jitter=answer.jitter)
        elif sent is not None:
            controller.answered(at, sent)
            if answer.headers is not None:
                controller.advised(at, answer.headers, sent=sent, jitter=answer.jitter)
        if controller.gate.until > was_closed_until:
            self._forget_instants()

    def _pause(self, now: float, until: float) -> None:
        if until > self._controller.gate.until:
            self._controller.hold(now, until)
            self._forget_instants()

    def _forget_instants(self) -> None:
        """Make nothing up after a pause, since the server did not serve it before."""
        self._free.clear()
        self._unused = 0.0

    def _take_back(self, now: float, report: Report, shift: float) -> None:
        if self._controller.gate.until > now:
            return
        self._make_up_for(report.unused)
        for at in report.returned:
            if at + shift < now or len(self._free) >= MAX_FREE:
                self._make_up_for(1)
            else:
                self._free.append((at + shift, _BULK))

    def _make_up_for(self, unused: float) -> None:
        most = max(1.0, MAX_UNUSED_SECONDS * self._controller.rate)
        self._unused = min(self._unused + unused, most)
        self._unused_pace += unused / UNUSED_SECONDS

    # --- what is leased

    def _lease_seconds(self, now: float) -> float:
        # A turn is long enough for the next exchange of the slowest of those that send.
        slowest = max(
            (each.exchange for each in self._members.values() if self._sends(each, now)),
            default=0.0,
        )
        slowest = min(slowest, SLOWEST_EXCHANGE)
        if self._controller.steady(now):
            return max(LEASE_SECONDS, EXCHANGES_PER_LEASE * slowest)
        seconds = SEARCH_LEASE_SECONDS if self._controller.searching else CAREFUL_LEASE_SECONDS
        return max(seconds, CAREFUL_EXCHANGES_PER_LEASE * slowest)

    def _sends(self, member: _Member, now: float) -> bool:
        return max(member.wanted + SENDING_SECONDS, member.away_until) > now

    def _sending(self, now: float) -> int:
        return sum(self._sends(each, now) for each in self._members.values())

    def _lease(
        self, now: float, report: Report, *, returning: bool
    ) -> tuple[list[list[float]], int]:
        """Return the instants that are leased for each priority, and how many there could be."""
        leased: list[list[float]] = [[] for _ in Priority]
        wanted = sum(report.wants)
        share = self._controller.rate * self._lease_seconds(now) / max(1, self._sending(now))
        size = max(1, round(share)) if math.isfinite(share) else max(1, wanted)
        if report.leaving or self._controller.gate.until > now:
            return leased, size
        ready, left = now + report.ready, size
        for priority, wants in zip(Priority, report.wants, strict=True):
            found = self._take_free(now, ready, priority, min(wants, left), returning=returning)
            left -= len(found)
            in_row, left = self._extend_row(now, ready, priority, wants - len(found), left)
            self._demand[priority] += (len(found) + len(in_row)) / DEMAND_SECONDS
            leased[priority] = [*found, *in_row]
            if len(leased[priority]) < wants:
                self._hungry_until[priority] = now + LEASE_SECONDS
        got = sum(map(len, leased))
        return leased, size if got == wanted else max(1, got)

    def _take_free(
        self, now: float, ready: float, priority: Priority, most: int, *, returning: bool
    ) -> list[float]:
        """Take free instants: near ones, and those that were left for such requests."""
        if not self._free or not most:
            return []
        row_ends = self._controller.ready_at(ready)
        hungry = any(until > now for until in self._hungry_until[:priority])
        near_until = now if hungry else max(now, ready) + NEAR_SECONDS
        usable = sorted(
            each
            for each in self._free
            if ready <= each[0] < row_ends
            and (returning if each[1] == _ABSENT else priority < each[1] or each[0] < near_until)
        )[:most]
        for each in usable:
            self._free.remove(each)
            self._controller.take_free(each[0])
        return [at for at, _ in usable]

    def _extend_row(
        self, now: float, ready: float, priority: Priority, wants: int, most: int
    ) -> tuple[list[float], int]:
        """Lease instants at the end of the row; return them, and what is left of `most`."""
        controller, instants = self._controller, list[float]()
        careful, free = not controller.steady(now), self._share_left_free(priority)
        absent = sum(each.away_until > now for each in self._members.values()) / self.members
        while len(instants) < wants and most > 0:
            at = controller.ready_at(ready)
            if careful and at > now + self._lease_seconds(now):
                break
            most -= 1
            # At the end of a row that is short, nobody has to wait for his turn.
            left_for = self._leave_out(absent, free if at > now + NEAR_SECONDS else 0.0, priority)
            if left_for is None:
                controller.take(at, at)
                instants.append(at)
            else:
                controller.leave_free(at)
                if len(self._free) < MAX_FREE:
                    self._free.append((at, left_for))
            self._make_up()
        return instants, most

    def _share_left_free(self, priority: Priority) -> float:
        if priority is _INTERACTIVE or self.members == 1:
            return 0.0
        demand = sum(self._demand[: priority.value])
        return min(LEAST_FREE + FREE_PER_DEMAND * demand / self._controller.rate, MOST_FREE)

    def _leave_out(self, absent: float, free: float, priority: Priority) -> int | None:
        """Return for whom the next instant of the row stays free; None: for nobody."""
        self._owed_absent += absent
        if self._owed_absent >= 1.0:
            self._owed_absent -= 1.0
            return _ABSENT
        self._owed += free
        if self._owed < 1.0 or len(self._free) >= MAX_FREE:
            self._owed = min(self._owed, 1.0)
            return None
        self._owed -= 1.0
        return priority

    def _make_up(self) -> None:
        """Move the next instant ahead for unused ones."""
        pace = self._unused_pace / self._controller.rate
        sends = min(self._unused, REPAID + pace, MAX_REPAID)
        self._unused -= sends
        self._controller.give_back(sends)
