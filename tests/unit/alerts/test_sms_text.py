"""What a text message costs, and how it comes to cost less."""
# ruff: noqa: RUF001  # characters that look like others are what this is about

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.sms_text import cheapened, fitted, segments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 153, 3),  # an escape and its place are not torn apart: 76 to a segment
        ("ы" * 70, 1),
        ("ы" * 71, 2),
        ("ы" * 134, 2),
        ("ы" * 135, 3),
        ("🔥" * 35, 1),
        ("🔥" * 36, 2),
        ("🔥" * 67, 3),  # 33 to a segment
    ],
)
def test_segments_are_counted_as_networks_count_them(text, count):
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "cheap"),
    [
        ("“Café” – it’s 5 × worse…", '"Café" - it\'s 5 x worse...'),
        ("Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("no\u00a0break\u2009here", "no break here"),
        ("Room 🔥 is ½ down 1️⃣", "Room is 1/2 down 1"),
        ("→ Ⅳ", "-> IV"),
        ("grüße, señor €", "grüße, señor €"),
    ],
)
def test_what_has_a_counterpart_is_replaced_by_it(text, cheap):
    assert segments(cheapened(text * 3)) <= segments(text * 3)
    assert cheapened(text) == cheap


def test_a_name_that_has_none_is_left_whole_with_all_around_it():
    assert cheapened("Иван – “cut off” 🔥") == "Иван – “cut off” 🔥"


def test_what_no_phone_can_show_is_left_out():
    assert cheapened("a\x00b\x1b\ud83dc\nd") == "abc\nd"


@given(st.text(), st.integers(1, 10))
def test_whatever_the_text_it_fits_and_a_cut_shows(text, most):
    text = f"Critical: {cheapened(text * 20)}"
    sent = fitted(text, " Reply ACK 1234", most)
    assert segments(sent) <= most
    assert sent.startswith("Critical: ")
    assert sent.endswith(" Reply ACK 1234")
    assert sent == f"{text} Reply ACK 1234" or "..." in sent


def test_as_much_is_sent_as_fits():
    sent = fitted("x" * 1000, "", 3)
    assert len(sent) == 459
    assert sent.endswith("x...")
