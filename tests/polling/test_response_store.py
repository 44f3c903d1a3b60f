"""Whether two raw answers say the same, where a comparison of bytes could be fooled."""

from hum_async._polling.response_store import same_but_for_time


def test_answers_that_differ_in_their_time_alone_are_the_same() -> None:
    one, other = (b'{"responded_at":"2026-01-01T00:00:0%d","x":1}' % second for second in (1, 2))
    assert same_but_for_time(one, other)


def test_a_value_more_in_the_place_of_the_time_is_a_difference() -> None:
    # Equal before and after that place, and of the same length.
    one = b'{"responded_at":"2026-01-01T00:00","x":1}'
    other = b'{"responded_at":"2026","y":"12345","x":1}'
    assert len(one) == len(other)
    assert not same_but_for_time(one, other)
