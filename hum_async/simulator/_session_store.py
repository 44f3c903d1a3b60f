"""The sessions that exist, and the progress of each at an instant."""

import random
from collections.abc import Iterator, Mapping

import attrs

from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._checks import LONGEST, require
from hum_async.simulator._dialects import DATA_SETS, Dialect, random_dialect, random_token
from hum_async.simulator._drift import drifted
from hum_async.simulator._fates import Fate, Magic, decide_fate

_WIDEST = 10.0  # e ** 80 is a number still, e ** 800 is not


@attrs.define(kw_only=True, eq=False)
class SimulatedSession:
    """One session.

    Attributes:
        token: Session token.
        address: The address of its POST.
        fate: What its agents will find, and when.
        dialect: The spellings in its answers.
        created_at: Simulated seconds of its creation.
        last_request_at: Simulated seconds of the last request for it.
        ended: "closed" or "expired"; None while it is open.
        get_count: GET requests for it so far, on both paths.
    """

    token: str
    address: PostedAddress
    fate: Fate
    dialect: Dialect
    created_at: float
    last_request_at: float
    ended: str | None = None
    get_count: int = 0


@attrs.frozen
class Progress:
    """The progress of a session at an instant.

    Attributes:
        processing: Whether the session answers 202.
        geocoded: Whether geocoding has matched the address.
        agents: Status by name of agent.
        updated_at: Simulated seconds of the last change.
    """

    processing: bool
    geocoded: bool
    agents: Mapping[str, str]
    updated_at: float


def progress_at(session: SimulatedSession, *, now: float) -> Progress:
    """Return the progress of a session at an instant.

    Args:
        session: The session.
        now: Simulated seconds.
    """
    fate = session.fate
    geocoded_at = session.created_at + fate.geocoded_after
    settled_at = session.created_at + fate.settled_after
    processing = now < settled_at
    geocoding = fate.geocoding if now >= geocoded_at else "pending"
    agents = {"geocoding": geocoding, "internet": "pending" if processing else fate.internet}
    if session.dialect.checkout:
        agents["checkout"] = "pending"
    if fate.magic is Magic.NEW_AGENT:
        agents["coverage_map"] = "drawing" if processing else "drawn"
    past = [t for t in (session.created_at, geocoded_at, settled_at) if t <= now]
    return Progress(processing, geocoding == "matched", agents, max(past, default=now))


class SessionStore:
    """The store of all sessions; the seed decides tokens, fates and dialects.

    Args:
        seed: The seed.
        median: Median time of a search, simulated seconds, 0 or more.
        sigma: Standard deviation of the logarithm of that time, 0 or more.
        lifetime: Simulated seconds without a request after which a session expires, above 0.
        drift: Share of the addresses that change in an epoch, 0 to 1.

    Attributes:
        epoch: Epochs for which the world has drifted, 0 or more.
        every_address: The magic street that every address stands for which names none itself; None
            for ordinary fates.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self, *, seed: int, median: float, sigma: float, lifetime: float, drift: float = 0.0
    ) -> None:
        self.epoch = 0
        self._drift = require("drift", drift, at_most=1.0)
        self.every_address: Magic | None = None
        self._seed = seed
        self._median = require("median", median, at_most=LONGEST)
        self._sigma = require("sigma", sigma, at_most=_WIDEST)
        self._lifetime = require("lifetime", lifetime, above_zero=True, at_most=LONGEST)
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
        rng = random.Random(f"{self._seed}/session/{len(self)}")  # noqa: S311  reproducible
        fate = decide_fate(
            address,
            seed=self._seed,
            median=self._median,
            sigma=self._sigma,
            magic=self.every_address,
        )
        session = SimulatedSession(
            token=random_token(rng),
            address=address,
            fate=drifted(fate, address, seed=self._seed, drift=self._drift, epoch=self.epoch),
            dialect=attrs.evolve(random_dialect(rng), data_set=self._data_set_of(address)),
            created_at=now,
            last_request_at=now,
        )
        self._sessions[session.token] = session
        return session

    def _data_set_of(self, address: PostedAddress) -> str:
        # Of the address, not of the session: whoever asks again gets an answer of the same kind.
        rng = random.Random(f"{self._seed}/data set/{address.key}")  # noqa: S311  reproducible
        return rng.choice(DATA_SETS)

    def access(self, token: str, *, now: float) -> SimulatedSession | None:
        """Return a session and prolong its life, unless it has ended; None for an unknown token.

        Args:
            token: Session token.
            now: Simulated seconds.
        """
        session = self._sessions.get(token)
        if session is not None:
            self._expire_if_idle(session, now=now)
            if session.ended is None:
                session.last_request_at = now
        return session

    def end(self, token: str, *, how: str) -> None:
        """End a session, so that it answers 410; does nothing if it has ended.

        Args:
            token: Session token.
            how: "closed" or "expired".

        Raises:
            KeyError: The token is unknown.
        """
        session = self._sessions[token]
        session.ended = session.ended or how

    def count(self, *, now: float) -> dict[str, int]:
        """Return the numbers of sessions that are "open", "closed" and "expired".

        Args:
            now: Simulated seconds.
        """
        counts = {"open": 0, "closed": 0, "expired": 0}
        for session in self:
            self._expire_if_idle(session, now=now)
            counts[session.ended or "open"] += 1
        return counts

    def _expire_if_idle(self, session: SimulatedSession, *, now: float) -> None:
        if session.ended is None and now - session.last_request_at >= self._lifetime:
            session.ended = "expired"
