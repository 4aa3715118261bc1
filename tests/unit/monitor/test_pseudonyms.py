"""One person, one pseudonym; and no way back without the key."""

import re

from hypothesis import given
from hypothesis import strategies as st

from collectors.callbacks import decode, dedup_key
from monitor.pseudonyms import Pseudonyms
from tests.builders import ALICE, ROOM, batch, level, participant, room

pseudonyms = Pseudonyms(b"k" * 32)


@given(st.text(min_size=1, max_size=128))
def test_a_pseudonym_is_the_same_every_time_and_another_under_another_key(identity: str) -> None:
    assert pseudonyms.of(identity) == Pseudonyms(b"k" * 32).of(identity)
    assert pseudonyms.of(identity) != Pseudonyms(b"x" * 32).of(identity)
    assert re.fullmatch("p-[a-z2-7]{16}", pseudonyms.of(identity))


def test_whoever_tells_of_a_person_tells_of_the_same_one() -> None:
    told = [batch(level(3), identity="alice"), participant(ALICE, identity="alice")]
    assert {pseudonyms.veil(event).identity for event in told} == {pseudonyms.of("alice")}  # type: ignore[union-attr]


def test_what_names_nobody_stays_as_it_is() -> None:
    for event in (room(room_name="acme:class:1"), batch(level(3)), participant(ALICE)):
        assert pseudonyms.veil(event) is event


def test_a_callback_is_no_longer_known_by_a_hash_that_anybody_can_try_names_on() -> None:
    form = {
        "StatusCallbackEvent": "participant-connected",
        "RoomSid": ROOM,
        "ParticipantSid": ALICE,
        "ParticipantIdentity": "alice",
        "Timestamp": "2026-11-21T10:00:00Z",
    }
    event = decode(form)
    assert event is not None
    veiled = pseudonyms.veil(event)
    assert veiled.dedup_key not in (None, dedup_key(form))
    assert veiled.dedup_key == pseudonyms.veil(event).dedup_key


def test_a_post_is_still_known_by_its_number() -> None:
    assert pseudonyms.veil(batch(level(3), identity="alice", session="s", seq=1)).dedup_key == "t:s:1"
