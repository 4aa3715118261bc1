"""What the name of a room tells, and how much of it becomes a label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.naming import OTHER, UNKNOWN, Naming, NamingError, RoomName

words = st.text(min_size=1, max_size=20).filter(lambda word: ":" not in word)


@pytest.mark.parametrize(
    ("pattern", "room_name", "told"),
    [
        ("{tenant}:{kind}:{id}", "acme:class:9f3c", RoomName("acme", "class", "9f3c")),
        ("{tenant}:{kind}:{id}", "acme:class:9f:3c", RoomName("acme", "class", "9f:3c")),
        ("{id}@{tenant}", "9f3c@acme", RoomName("acme", None, "9f3c")),
        ("room/{kind}--{tenant}.live", "room/class--acme.live", RoomName("acme", "class", None)),
        ("{kind}", "any name at all", RoomName(None, "any name at all", None)),
        ("{tenant}.*{id}", "acme.*1", RoomName("acme", None, "1")),
    ],
)
def test_a_name_is_read_by_the_pattern(pattern: str, room_name: str, told: RoomName) -> None:
    assert Naming(pattern).parse(room_name) == told


@pytest.mark.parametrize(
    ("pattern", "room_name"),
    [
        ("{tenant}:{kind}:{id}", "RM" + "a" * 32),
        ("{tenant}:{kind}:{id}", "acme:class"),
        ("{tenant}:{kind}:{id}", "acme:class:"),
        ("{tenant}:{kind}:{id}", "acme::9f3c"),
        ("{tenant}:{kind}:{id}", ""),
        ("room/{kind}", "class"),
        ("room/{kind}", "room/"),
        ("ab{kind}ba", "aba"),
        ("{tenant}.*{id}", "acme-xx-1"),
    ],
)
def test_a_name_that_leaves_a_slot_empty_or_misses_a_text_tells_nothing(pattern: str, room_name: str) -> None:
    assert Naming(pattern).parse(room_name) is None


@given(words, words, st.text(min_size=1, max_size=40))
def test_what_was_put_into_a_name_is_read_out_of_it(tenant: str, kind: str, rest: str) -> None:
    assert Naming().parse(f"{tenant}:{kind}:{rest}") == (tenant, kind, rest)
    assert Naming("{kind}:{id}:{tenant}").parse(f"{kind}:{tenant}:{rest}") == (rest, kind, tenant)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "expected at least one of {tenant}, {kind}, {id}, got none"),
        ("room", "expected at least one of {tenant}, {kind}, {id}, got none"),
        ("{team}:{id}", "expected slots out of {tenant}, {kind}, {id}, got {team}"),
        ("{tenant}:{}", "expected slots out of {tenant}, {kind}, {id}, got {}"),
        ("{id}:{kind}:{id}", "expected each slot once, got {id} again"),
        ("{tenant}{kind}", "expected something between {tenant} and {kind}, got nothing"),
        ("{tenant}:{kind", "expected braces only around a slot, got ':{kind'"),
        ("{{id}}", "expected braces only around a slot, got '{'"),
        ("{tenant}" + "-" * 127 + "{id}", "expected what a name of 128 characters can follow, got 129"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused_with_what_was_expected(pattern: str, said: str) -> None:
    with pytest.raises(NamingError) as caught:
        Naming(pattern)
    assert (caught.value.key, str(caught.value)) == ("pattern", said)


@pytest.mark.parametrize(
    ("pattern", "tenants", "said"),
    [
        ("{kind}:{id}", ["acme"], "expected a pattern with {tenant} in it, got one without"),
        ("{tenant}:{id}", ["acme", "acme"], "expected each word once, got 'acme' again"),
        ("{tenant}:{id}", ["a:b"], "expected words without ':', which ends the slot, got 'a:b'"),
        ("{tenant}", ["other"], "expected words out of names, got 'other', which stands for what is not listed"),
        ("{tenant}", ["unknown"], "expected words out of names, got 'unknown', which stands for what is not listed"),
    ],
)
def test_a_list_of_words_that_no_name_can_tell_is_refused(pattern: str, tenants: list[str], said: str) -> None:
    with pytest.raises(NamingError) as caught:
        Naming(pattern, tenants)
    assert (caught.value.key, str(caught.value)) == ("tenants", said)


def test_the_last_slot_may_hold_what_would_have_ended_it_elsewhere() -> None:
    assert Naming("{id}:{tenant}", tenants=["a:b"]).labels("1:a:b") == {"tenant": "a:b"}


@pytest.mark.parametrize(
    ("room_name", "labels"),
    [
        ("acme:class:1", {"tenant": "acme", "resource_kind": "class"}),
        ("acme:party:1", {"tenant": "acme", "resource_kind": OTHER}),
        ("Acme:class:1", {"tenant": OTHER, "resource_kind": "class"}),
        ("unknown:class:1", {"tenant": OTHER, "resource_kind": "class"}),
        ("standup", {"tenant": UNKNOWN, "resource_kind": UNKNOWN}),
        (None, {"tenant": UNKNOWN, "resource_kind": UNKNOWN}),
    ],
)
def test_a_label_has_only_values_that_are_listed(room_name: str | None, labels: dict[str, str]) -> None:
    assert Naming(tenants=["acme", "globex"], kinds=["class"]).labels(room_name) == labels


def test_without_a_list_there_is_no_such_label() -> None:
    assert Naming().labels("acme:class:1") == {}
    assert Naming(tenants=["acme"]).labels("acme:class:1") == {"tenant": "acme"}
    assert Naming(kinds=["class"]).labels("nothing") == {"resource_kind": UNKNOWN}


@given(st.none() | st.text(max_size=128))
def test_whatever_a_room_is_called_its_labels_are_among_the_announced(room_name: str | None) -> None:
    naming = Naming("{tenant}-{kind}", tenants=["a", "b"], kinds=["c"])
    labels = naming.labels(room_name)
    assert labels.keys() == naming.values.keys()
    assert all(value in naming.values[label] for label, value in labels.items())
