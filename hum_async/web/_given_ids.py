"""Ids of look-ups by which each worker with one ledger knows that another one has given them.

An id that was given a millisecond ago may be asked for at a worker that has not heard of it. So an
id shows, by a number that only these workers can make, that one of them has given it, and when.
"""

import base64
import binascii
import secrets
from datetime import UTC, datetime
from hashlib import blake2b
from hmac import compare_digest

_MINUTES = 3  # bytes: 31 years
_SUM = 6  # bytes; who finds one makes us look for what is not there, and no more


class GivenIds:
    """Makes ids, and knows those that others with the same secret have made.

    Args:
        secret: What all workers know and no browser.
        keep_for: Seconds for which an id is good.
    """

    def __init__(self, secret: bytes, keep_for: float) -> None:
        self._secret = secret[:64]
        self._keep_for = keep_for

    def new(self) -> str:
        """Return an id that cannot be guessed: knowing it gives access to the look-up."""
        token = secrets.token_urlsafe(16)
        minutes = (int(_now() / 60) % 256**_MINUTES).to_bytes(_MINUTES)
        return f"{base64.urlsafe_b64encode(minutes + self._sum(minutes, token)).decode()}.{token}"

    def knows(self, lookup_id: str) -> bool:
        """Whether one of the workers has made an id, and not too long ago."""
        tag, _, token = lookup_id.partition(".")
        try:
            raw = base64.b64decode(tag, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return False
        minutes = raw[:_MINUTES]
        if not compare_digest(raw, minutes + self._sum(minutes, token)):
            return False
        # The clocks of two machines may differ a little: an age below 0 is one of years.
        age = (int(_now() / 60) - int.from_bytes(minutes)) % 256**_MINUTES
        fresh: bool = age * 60 <= self._keep_for
        return fresh or age > 256**_MINUTES // 2

    def _sum(self, minutes: bytes, token: str) -> bytes:
        text = minutes + token.encode()
        return blake2b(text, digest_size=_SUM, key=self._secret, person=b"hum-lookup").digest()


def _now() -> float:
    return datetime.now(UTC).timestamp()
