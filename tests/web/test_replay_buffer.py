"""What is kept of a look-up for those who come later."""

from hypothesis import given
from hypothesis import strategies as st

from hum_async.web import EventKind, HubEvent
from hum_async.web._replay_buffer import LONGEST, ReplayBuffer


def event(position: int, kind: EventKind = EventKind.CHANGE) -> HubEvent:
    return HubEvent(kind, lookup="a", id=f"e-{position}", position=position)


def story_of(count: int) -> ReplayBuffer:
    story = ReplayBuffer(event(1, EventKind.SNAPSHOT))
    for position in range(2, count + 2):
        story.add(event(position), snapshot=event(position, EventKind.SNAPSHOT))
    story.add(event(count + 2, EventKind.PROVIDERS))
    story.add(event(count + 3, EventKind.DONE))
    return story


def read(story: ReplayBuffer, position: int) -> list[HubEvent]:
    found = []
    while (one := story.after(position)) is not None:
        found.append(one)
        position = one.position
    return found


@given(count=st.integers(0, 3 * LONGEST), position=st.integers(-1, 3 * LONGEST + 3))
def test_wherever_one_has_been_one_reads_to_the_end_without_a_gap(
    count: int, position: int
) -> None:
    story = story_of(count)
    found = read(story, position)
    positions = [one.position for one in found]
    assert positions == sorted(set(positions))
    if position < count + 3:
        assert found[-1].kind == EventKind.DONE
        assert EventKind.PROVIDERS in [one.kind for one in found] or position >= count + 2
    if found and found[0].kind != EventKind.SNAPSHOT:
        # Nothing is missing, or it is made up for by a snapshot.
        assert positions == list(range(position + 1, count + 4))


def test_a_long_story_is_cut_at_its_beginning() -> None:
    story = story_of(10 * LONGEST)
    assert len(read(story, 1)) <= LONGEST + 1
    assert read(story, 1)[0].kind == EventKind.SNAPSHOT


def test_it_has_ended_with_done() -> None:
    assert not ReplayBuffer(event(1, EventKind.SNAPSHOT)).ended
    assert story_of(0).ended


@given(count=st.integers(0, 8), windows=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9))))
def test_what_is_heard_again_is_kept_once(count: int, windows: list[tuple[int, int]]) -> None:
    heard: list[tuple[HubEvent, HubEvent | None]] = [(event(1, EventKind.SNAPSHOT), None)]
    heard += [
        (event(position), event(position, EventKind.SNAPSHOT)) for position in range(2, count + 2)
    ]
    heard.append((event(count + 2, EventKind.DONE), None))
    buffer = ReplayBuffer(None)
    for start, length in windows:
        if start == 0 or buffer.begun:
            buffer.hear(heard[: start + length])
            assert not buffer.hear(heard[: start + length])
        else:
            # Without its first event nothing is known of it.
            assert not buffer.hear(heard[start : start + length])
    buffer.hear(heard)
    assert read(buffer, 1) == [each for each, _ in heard[1:]]
    assert buffer.ended
