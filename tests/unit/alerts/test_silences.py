import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matchers import parse_matchers
from alerts.silences import (
    MAX_SILENCES,
    ActiveSilences,
    SilenceError,
    build_silence,
    check_room_for_another,
    next_change,
    preview,
)
from tests.alert_builders import START, make_alert

HOUR_S = 3600.0


def silence(matchers='room_name="class"', begins_s=0.0, ends_s=HOUR_S, author="ana", reason="a test", now=START):
    return build_silence(
        parse_matchers(matchers),
        starts_at=START + begins_s,
        ends_at=START + ends_s,
        author=author,
        reason=reason,
        now=now,
    )


@pytest.mark.promise("P28")
def test_a_silence_is_active_from_its_start_until_just_before_its_end():
    later = silence(begins_s=60, ends_s=120)
    assert [later.is_active(START + at) for at in (59.9, 60, 119.9, 120)] == [False, True, True, False]


@pytest.mark.promise("P28")
def test_an_alert_is_silenced_by_what_all_matchers_agree_with():
    mine = silence('room_name=~"cl.*", severity!="info"')
    assert ActiveSilences([mine], START).silencing({"room_name": "class", "severity": "critical"}) == mine
    assert ActiveSilences([mine], START).silencing({"room_name": "class", "severity": "info"}) is None
    assert ActiveSilences([mine], START + HOUR_S).silencing({"room_name": "class"}) is None


def test_of_several_the_one_that_lasts_longest_is_named():
    short, long = silence(ends_s=60), silence('room_name=~"class|lobby"', ends_s=120)
    assert ActiveSilences([short, long], START).silencing({"room_name": "class"}) == long


def test_a_silence_of_what_has_no_tenant_is_found():
    mine = silence('tenant="", room_name=~".+"')
    assert ActiveSilences([mine], START).silencing({"room_name": "class"}) == mine


labels = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "x", "y"]))
texts = st.lists(
    st.sampled_from(["a=x", "a=y", "b=x", "b!=y", "c=~x|y", "c!~x", "a=", "b=~.+"]), min_size=1, max_size=3
)


@given(st.lists(texts, max_size=8), labels)
def test_the_shelves_find_what_asking_each_one_would(several, labels):
    silences = [
        silence(", ".join([*matchers, "room_name=class"]), ends_s=60 + number)
        for number, matchers in enumerate(several)
    ]
    labels = {**labels, "room_name": "class"}
    meant = [each for each in silences if each.matches(labels)]
    assert ActiveSilences(silences, START).silencing(labels) == (meant[-1] if meant else None)


@pytest.mark.promise("P28")
def test_the_next_change_is_the_next_begin_or_end():
    both = [silence(begins_s=60, ends_s=600), silence(ends_s=300)]
    assert [next_change(both, START + at) for at in (0, 60, 300, 599)] == [
        START + 60,
        START + 300,
        START + 600,
        START + 600,
    ]
    assert next_change(both, START + 600) is None
    assert next_change([], START) is None


@pytest.mark.promise("P28")
def test_a_preview_lists_what_would_be_silenced_even_before_it_begins():
    here, there = make_alert(), make_alert(fingerprint="f1-0001", labels={"room_name": "lobby"})
    assert preview(silence(begins_s=60), [here, there]) == (here,)
    assert preview(silence('severity="critical", alertname="Bad"'), [here, there]) == (here, there)


def test_an_expired_silence_ends_now_and_says_who_did_it():
    ended = silence().expired(START + 60, "ben")
    assert (ended.ends_at, ended.ended_by) == (START + 60, "ben")
    assert not ended.is_active(START + 60)
    assert ended.expired(START + 90, "eve") == ended
    with pytest.raises(SilenceError, match="1 to 100 characters, got none"):
        silence().expired(START + 60, " ")


def test_a_silence_that_is_expired_before_it_began_never_was():
    ended = silence(begins_s=60).expired(START + 10, "ben")
    assert not any(ended.is_active(START + at) for at in (0, 10, 60, 90))


def test_asking_for_the_same_twice_in_a_breath_asks_for_one():
    assert silence().id == silence().id
    assert silence().id.startswith("s1-")
    assert len({silence().id, silence(author="ben").id, silence(ends_s=60).id, silence(now=START + 1).id}) == 4


@pytest.mark.promise("P28")
@pytest.mark.parametrize(
    ("changes", "key", "complaint"),
    [
        ({"matchers": ""}, "matchers", "expected 1 to 20 matchers, got 0"),
        ({"matchers": ",".join(f"a{number}=b" for number in range(21))}, "matchers", "got 21"),
        ({"matchers": 'tenant=~".*", team!="x"'}, "matchers", "which alerts without any label match"),
        ({"ends_s": 0.0}, "ends_at", "expected an end after the beginning"),
        ({"begins_s": -60.0, "ends_s": -1.0}, "ends_at", "expected an end in the future"),
        ({"ends_s": 400 * 86_400.0}, "ends_at", "no more than 366 days"),
        ({"begins_s": 400 * 86_400.0, "ends_s": 401 * 86_400.0}, "ends_at", "no more than 366 days"),
        ({"ends_s": float("nan")}, "ends_at", "after the beginning"),
        ({"ends_s": float("inf")}, "ends_at", "no more than 366 days"),
        ({"author": "  "}, "author", "expected 1 to 100 characters, got none"),
        ({"reason": ""}, "reason", "expected 1 to 1000 characters, got none"),
        ({"author": "a" * 101}, "author", "1 to 100 characters, got 101"),
        ({"reason": "a" * 1001}, "reason", "1 to 1000 characters, got 1001"),
    ],
)
def test_a_silence_that_nobody_can_have_meant_is_refused(changes, key, complaint):
    with pytest.raises(SilenceError, match=complaint) as error:
        silence(**changes)
    assert error.value.key == key


@pytest.mark.promise("P28")
def test_there_are_only_so_many_that_are_not_over():
    many = [replace(silence(), id=f"s1-{number}") for number in range(MAX_SILENCES)]
    with pytest.raises(SilenceError, match="expected fewer than 1000 that are not over, got 1000"):
        check_room_for_another(many, START)
    check_room_for_another(many, START + HOUR_S)
    check_room_for_another(many[1:], START)


def test_a_thousand_silences_of_one_label_each_cost_an_alert_no_more_than_one():
    active = ActiveSilences([silence(f'room_name="r{number}"') for number in range(MAX_SILENCES)], START)
    before = time.process_time()
    for number in range(1000):
        assert active.silencing({"room_name": f"r{number}", "severity": "critical"})
    assert time.process_time() - before < 0.5
