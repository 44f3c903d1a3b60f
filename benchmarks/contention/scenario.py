"""The test that every client takes: what is asked of it, and what it is not told."""

import random

import attrs

__all__ = ["Scenario"]


@attrs.frozen(kw_only=True)
class Scenario:
    """Many tokens, wanted more often than the server's limit allows.

    Attributes:
        tokens: How many tokens there are.
        seed: Of the times at which they are done, so that every client meets the same.
        rate: Requests per second that the server grants; no client is told.
        burst: How many it grants at once after a rest.
        retry_after: Seconds that it asks a refused client to wait.
        interval: Seconds between two questions for one token, as every client is told.
        earliest: Seconds from the start of the run to the first token that may be done.
        latest: Seconds from the start of the run to the last.
        allowance: Seconds after the first refusal of a pause in which what arrives was under way
            already, and is not held against its sender.
        limit: Seconds after which a client is stopped.
    """

    tokens: int = 500
    seed: int = 1
    rate: float = 200.0
    burst: float = 50.0
    retry_after: int = 1
    interval: float = 0.5
    earliest: float = 3.0
    latest: float = 10.0
    allowance: float = 0.05
    limit: float = 60.0

    def names(self) -> list[str]:
        """Return the tokens: 22 letters and digits, as the API's are."""
        return [f"Contended{number:013}" for number in range(self.tokens)]

    def done_times(self) -> dict[str, float]:
        """Return the seconds from the start of the run at which each token is done."""
        dice = random.Random(self.seed)  # noqa: S311  repeatable, not secret
        return {token: dice.uniform(self.earliest, self.latest) for token in self.names()}
