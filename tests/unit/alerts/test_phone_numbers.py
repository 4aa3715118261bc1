"""Numbers that can be dialled, and what is shown of them."""

import pytest

from alerts.phone_numbers import checked_number, shown_number


@pytest.mark.promise("P38")
def test_three_digits_are_shown_and_no_more():
    assert shown_number("+491512345678") == "…678"
    assert shown_number("12345") == "…"
    assert shown_number("") == "…"


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0151 2345678",
        "+0151234567",
        "447700900123",
        "+49151234567890123",
        "+49\uff11\uff15\uff11\uff12\uff13\uff14\uff15",
    ],
)
def test_what_cannot_be_dialled_is_refused_without_being_shown(number):
    with pytest.raises(ValueError, match="to: expected a number in E") as refused:
        checked_number(number, "to")
    assert not number or number not in str(refused.value)


def test_a_number_in_e164_is_taken_as_it_is():
    assert checked_number("+15005550006", "to") == "+15005550006"
