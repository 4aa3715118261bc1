"""What is remembered of the posts of a session."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.store.numbering import KEPT_FOR_MS, MAX_BOUNDS, Numbering, Numbers


@given(st.lists(st.integers(0, 40)))
def test_a_number_is_known_if_and_only_if_it_came(came: list[int]) -> None:
    numbers = Numbers()
    for seq in came:
        numbers.add(seq)
    assert [seq for seq in range(42) if numbers.has(seq)] == sorted(set(came))
    assert numbers.bounds == sorted(set(numbers.bounds)), "ranges that touch are one"


@given(st.lists(st.integers(0, 40), unique=True))
def test_ranges_that_touch_are_understood_as_well(came: list[int]) -> None:
    numbers = Numbers.of([bound for seq in sorted(came) for bound in (seq, seq + 1)])
    assert [seq for seq in range(42) if numbers.has(seq)] == sorted(came)


def test_numbers_one_after_the_other_take_no_more_room_than_one() -> None:
    numbers = Numbers()
    for seq in range(10_000):
        numbers.add(seq)
    assert numbers.bounds == [0, 10_000]


def test_whoever_leaves_gap_after_gap_takes_bounded_room() -> None:
    numbers = Numbers()
    for seq in range(0, 10_000, 2):
        numbers.add(seq)
    assert len(numbers.bounds) <= MAX_BOUNDS
    assert not numbers.has(9_997)


def test_what_is_not_saved_yet_is_not_forgotten() -> None:
    numbering = Numbering(capacity=2)
    for session in "abcdef":
        numbering.add(session, 1, 0)
    assert numbering.unknown("abcdef") == set()
    rows = list(numbering.take_dirty())
    assert [session for session, _, _ in rows] == [*"abcdef"]
    assert numbering.unknown("abcdef") == set(), "what is on its way to the store was forgotten"
    numbering.take_back()
    assert numbering.unknown("abcdef") == set(), "what could not be saved was forgotten"
    assert list(numbering.take_dirty()) == rows
    numbering.is_saved()
    assert len(numbering.unknown("abcdef")) >= 2, "nothing is ever forgotten"


def test_who_was_known_while_on_the_way_to_the_store_is_known_when_it_has_arrived() -> None:
    numbering = Numbering(capacity=1)
    for session in "abc":
        numbering.add(session, 1, 0)
    numbering.take_dirty()
    assert numbering.unknown("a") == set()
    numbering.is_saved()
    assert numbering.has("a", 1), "what was not asked of the store is taken for news"


def test_what_could_not_be_saved_is_saved_the_next_time() -> None:
    numbering = Numbering()
    numbering.add("a", 1, 0)
    numbering.take_dirty()
    numbering.take_back()
    assert list(numbering.take_dirty()) == [("a", "[1,2]", 0)]


def test_sessions_that_were_not_heard_for_long_are_left_to_the_store_however_few_there_are() -> None:
    numbering, minute_ms = Numbering(), 60_000
    for minute in range(600):
        numbering.add(f"s{minute}", 1, minute * minute_ms)
        numbering.take_dirty()
    known = {f"s{minute}" for minute in range(600)} - numbering.unknown(f"s{minute}" for minute in range(600))
    latest = {f"s{minute}" for minute in range(600 - KEPT_FOR_MS // minute_ms, 600)}
    assert latest <= known
    assert len(known) <= 2 * len(latest) + 1


def test_of_a_session_one_text_is_kept_however_many_posts_bring_it() -> None:
    numbering = Numbering()
    first, again = (b"0123456789abcdef".decode() for _ in range(2))
    for seq, text in enumerate((first, again)):
        numbering.add(text, seq, 0)
        ((kept, _, _),) = numbering.take_dirty()
        assert kept is first
