"""Which sessions exist and how far each is at an instant."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import attrs

from hum_async.simulator._checks import require
from hum_async.simulator._dialects import Dialect, draw_dialect, draw_token
from hum_async.simulator._fates import Fate, Magic, decide_outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hum_async.simulator._address_rules import PostedAddress


@attrs.define(kw_only=True, eq=False)
class SimulatedSession:
    """One session.

    Attributes:
        token: Its token.
        address: What was posted.
        outcome: What its agents will find, and when.
        variant: How its answers are spelt.
        created: Simulated seconds of its creation.
        seen: Simulated seconds of the last request for it.
        ended: "closed" or "expired" once it is over.
        gets: GET requests for it so far, on both paths.
    """

    token: str
    address: PostedAddress
    outcome: Fate
    variant: Dialect
    created: float
    seen: float
    ended: str | None = None
    gets: int = 0


@attrs.frozen
class Progress:
    """How far a session is.

    Attributes:
        processing: Whether it answers 202.
        geocoded: Whether its address has been matched.
        agents: Status by agent.
        updated: Simulated seconds of the last change.
    """

    processing: bool
    geocoded: bool
    agents: Mapping[str, str]
    updated: float


def progress_at(session: SimulatedSession, *, now: float) -> Progress:
    """Tell how far a session is at an instant.

    Args:
        session: The session.
        now: Simulated seconds.
    """
    outcome = session.outcome
    geocoded_at = session.created + outcome.geocoded_after
    settled_at = session.created + outcome.settled_after
    processing = now < settled_at
    geocoding = outcome.geocoding if now >= geocoded_at else "pending"
    agents = {"geocoding": geocoding, "internet": "pending" if processing else outcome.internet}
    if session.variant.checkout:
        agents["checkout"] = "pending"
    if outcome.magic is Magic.NEW_AGENT:
        agents["coverage_map"] = "drawing" if processing else "drawn"
    reached = [t for t in (session.created, geocoded_at, settled_at) if t <= now]
    return Progress(processing, geocoding == "matched", agents, max(reached, default=now))


class SessionStore:
    """All sessions; everything about them follows from the seed.

    Args:
        seed: Seed of outcomes, tokens and variants.
        median: Median time of a search, simulated seconds.
        sigma: Spread of the logarithm of that time.
        lifetime: Simulated seconds without a request after which a session expires.
    """

    def __init__(self, *, seed: int, median: float, sigma: float, lifetime: float) -> None:
        self._seed = seed
        self._median = require("median", median)
        self._sigma = require("sigma", sigma)
        self._lifetime = require("lifetime", lifetime, above_zero=True)
        self._sessions: dict[str, SimulatedSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[SimulatedSession]:
        return iter(self._sessions.values())

    def create(self, address: PostedAddress, *, now: float) -> SimulatedSession:
        """Create a session for an address.

        Args:
            address: A valid address.
            now: Simulated seconds.
        """
        rng = random.Random(f"{self._seed}/session/{len(self)}")  # noqa: S311 - reproducible
        session = SimulatedSession(
            token=draw_token(rng),
            address=address,
            outcome=self.outcome(address),
            variant=draw_dialect(rng),
            created=now,
            seen=now,
        )
        self._sessions[session.token] = session
        return session

    def outcome(self, address: PostedAddress) -> Fate:
        """Tell what becomes of an address."""
        return decide_outcome(address, seed=self._seed, median=self._median, sigma=self._sigma)

    def find(self, token: str, *, now: float) -> SimulatedSession | None:
        """Look a session up and count this as a request for it.

        Args:
            token: Its token.
            now: Simulated seconds.
        """
        session = self._sessions.get(token)
        if session is not None and self._end_of_life(session, now=now) is None:
            session.seen = now
        return session

    def end(self, token: str, *, how: str) -> None:
        """Make a session answer 410 from now on.

        Args:
            token: Its token; `KeyError` if there is none.
            how: "closed" or "expired".
        """
        session = self._sessions[token]
        session.ended = session.ended or how

    def count(self, *, now: float) -> dict[str, int]:
        """Count sessions that are "open", "closed" and "expired"."""
        counts = {"open": 0, "closed": 0, "expired": 0}
        for session in self:
            counts[self._end_of_life(session, now=now) or "open"] += 1
        return counts

    def _end_of_life(self, session: SimulatedSession, *, now: float) -> str | None:
        if session.ended is None and now - session.seen >= self._lifetime:
            session.ended = "expired"
        return session.ended
