"""Where the next page begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from monitor.http.cursors import NoCursor, Number, read, written


class Place(Struct, frozen=True, array_like=True, tag="things"):
    at_ms: Number
    key: str


class Elsewhere(Struct, frozen=True, array_like=True, tag="others"):
    at_ms: Number
    key: str


@given(st.integers(0, 2**53), st.text(max_size=100))
def test_a_cursor_leads_back_to_its_place(at_ms: int, key: str) -> None:
    place = Place(at_ms, key)
    assert read(written(place), Place) == place
    assert written(place).replace("-", "").replace("_", "").isalnum(), "it has to fit into an address as it is"


def test_no_list_takes_the_cursor_of_another() -> None:
    with pytest.raises(NoCursor):
        read(written(Elsewhere(1, "a")), Place)


@given(st.text(st.characters(exclude_categories=())) | st.binary().map(lambda raw: raw.hex()))
def test_whatever_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(NoCursor):
        read(text, Place)


@pytest.mark.parametrize("place", [Place(-1, ""), Place(2**53 + 1, ""), Place(2**63, "a"), Place(1, "x" * 5000)])
def test_a_place_that_no_list_has_is_refused(place: Place) -> None:
    with pytest.raises(NoCursor):
        read(written(place), Place)
