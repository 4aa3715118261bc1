import pytest

from collectors.soundness import sound
from tests.builders import ALICE, COMPOSITION, composition, participant, room


def test_a_sound_event_comes_back_as_it_was() -> None:
    for event in (room(room_name="acme"), participant(ALICE, "disconnected"), composition(percent_done=12.5)):
        assert sound(event) == event


def test_a_whole_number_where_a_fraction_may_be_is_sound() -> None:
    assert sound(composition(duration_s=90)).duration_s == 90.0


@pytest.mark.parametrize("name", [5, 1.5, ["acme"]])
def test_a_field_of_another_type_is_named_and_its_value_is_not(name: object) -> None:
    with pytest.raises(ValueError, match="room_name") as caught:
        sound(room(room_name=name))
    assert "acme" not in str(caught.value)


def test_a_sid_that_is_none_is_not_sound() -> None:
    with pytest.raises(ValueError, match="composition_sid"):
        sound(type(composition())(0, composition().source, None, composition().status, COMPOSITION))
