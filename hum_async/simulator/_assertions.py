"""Rules that the requests of a good client keep, checked on the request log.

A message names requests by their index in the log, by route and by time: tokens and addresses stay
out of the output of test runs.
"""

from collections.abc import Sequence

from hum_async.simulator._request_log import RequestRecord
from hum_async.simulator._routes import CREATE_SESSION

_MOST_SHOWN = 5
_TIMER_TOLERANCE = 0.01  # seconds by which a timer may fire early


def check_one_post_per_address(records: Sequence[RequestRecord]) -> None:
    """Check that nothing was bought, or may have been bought, twice.

    Raises:
        AssertionError: An address was posted again after a POST that created a session or that
            got no answer. A POST that was refused, as by a 429, may come again.
    """
    committed: dict[str, int] = {}
    broken: list[str] = []
    for index, record in enumerate(records):
        key = record.address_key
        if record.route != CREATE_SESSION or key is None:
            continue
        if key in committed:
            first = committed[key]
            broken.append(f"{_named(records, index)} repeats {_named(records, first)}")
        elif record.token is not None or not record.status:
            committed[key] = index
    _fail_if(broken, "an address was posted more than once, and may be billed each time")


def check_nothing_inside_a_pause(records: Sequence[RequestRecord], *, grace: float) -> None:
    """Check that nobody asked again before a Retry-After was over.

    Args:
        records: The requests.
        grace: Event-loop seconds after a 429 in which requests may still be on their way.

    Raises:
        AssertionError: A request arrived while a 429 had asked to wait.
    """
    broken: list[str] = []
    pauses: list[tuple[int, float, float]] = []
    for index, record in enumerate(records):
        for told, start, end in pauses:
            if start + grace < record.sent_at < end - _TIMER_TOLERANCE:
                broken.append(
                    f"{_named(records, index)} came {record.sent_at - start:.2f} s into the pause "
                    f"of {end - start:.2f} s that {_named(records, told)} asked for"
                )
                break
        if record.pause is not None:
            pauses = [pause for pause in pauses if pause[2] > record.sent_at]
            pauses.append((index, record.sent_at, record.sent_at + record.pause))
    _fail_if(broken, "a request was sent while a 429 had asked to wait")


def _named(records: Sequence[RequestRecord], index: int) -> str:
    record = records[index]
    answer = f"answered {record.status}" if record.status else "not answered"
    moment = record.sent_at - records[0].sent_at
    return f"journal[{index}] ({record.route}, {answer}, at {moment:.2f} s)"


def _fail_if(broken: Sequence[str], rule: str) -> None:
    if not broken:
        return
    lines = [f"{rule}:", *(f"  {line}" for line in broken[:_MOST_SHOWN])]
    if len(broken) > _MOST_SHOWN:
        lines.append(f"  and {len(broken) - _MOST_SHOWN} more")
    raise AssertionError("\n".join(lines))
