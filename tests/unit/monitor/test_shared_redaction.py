"""Whoever may not know who was in a call is told of nobody."""

from typing import Any

import pytest

from monitor.story.redaction import SharedRedaction
from tests.builders import ALICE, BOB, ROOM

REDACTION = SharedRedaction(b"key", {"alice": 1, ALICE: 1, "up": 2, BOB: 2, "al": 3}, ["class", "acme:class:1"])


def test_people_are_numbered_and_rooms_have_no_name_wherever_they_stand() -> None:
    said = REDACTION.of({"identity": "alice", "room_name": "acme:class:1", "words": "alice and al left class."})
    assert said == {
        "identity": "participant 1",
        "room_name": "this call",
        "words": "participant 1 and participant 3 left this call.",
    }


def test_the_longer_name_wins_and_a_part_of_a_word_is_no_name() -> None:
    assert REDACTION.of("also alice") == "also participant 1"


def test_sids_are_made_up_and_the_same_for_the_same() -> None:
    said = REDACTION.of({"key": ALICE, "entity": f"{ROOM}/{ALICE}", "seen": {BOB: [1]}})
    assert said["entity"].endswith(said["key"])
    assert said["key"].startswith("PA")
    assert ALICE not in str(said)
    assert BOB not in str(said)
    assert SharedRedaction(b"other", {}, []).of(ALICE) != said["key"]


@pytest.mark.parametrize("address", ["203.0.113.7", "203.0.113.0/24", "2001:db8::/48", "2001:db8:1:2:3:4:5:6"])
def test_addresses_are_taken_out_of_sentences(address: str) -> None:
    assert REDACTION.of(f"Network {address}: bad") == "Network an address: bad"


@pytest.mark.parametrize("text", ["from 14:05:10 on", "Chrome 156.0.7021.3 on", "2.28.1", "a 1:2 chance"])
def test_what_only_looks_like_an_address_stays(text: str) -> None:
    assert REDACTION.of(text) == text


def test_words_of_ours_stay_though_somebody_is_called_so() -> None:
    said = REDACTION.of({"kind": "up", "columns": {"up.fps": [1, None]}, "words": "up left."})
    assert said == {"kind": "up", "columns": {"up.fps": [1, None]}, "words": "participant 2 left."}


@pytest.mark.parametrize("field", ["text", "address", "stats", "body", "fingerprint"])
def test_what_may_hold_anything_is_left_out(field: str) -> None:
    left: Any = REDACTION.of({field: "my number is 5", "rating": 2})
    assert left == {"rating": 2}


def test_an_id_that_is_made_of_names_is_made_anew() -> None:
    said = REDACTION.of({"id": "90ab12cd90ab12cd"})["id"]
    assert said != "90ab12cd90ab12cd"
    assert said == REDACTION.of({"id": "90ab12cd90ab12cd"})["id"]
