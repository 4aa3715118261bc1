"""The table of Twilio's error codes, and the page that is written from it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.error_codes import BY_CODE, ERROR_CODES, Kind, Stage, as_markdown, explain, is_trouble, stage

PAGE = Path(__file__).parents[3] / "docs" / "error-codes.md"

SDK_CODES = {  # what twilio-video.js itself knows by name
    *range(20101, 20108),
    *(53000, 53001, 53002, 53003, 53004, 53006),
    *range(53100, 53119),
    *(53124, 53125),
    *range(53200, 53206),
    *range(53300, 53306),
    *(53400, 53401, 53402, 53403, 53404, 53405, 53407, 53500, 53501),
}
REST_CODES = {20001, 20003, 20404, 20429, 53119, 53121, 53206, 53216, 59004}

each = pytest.mark.parametrize("error", ERROR_CODES, ids=lambda error: str(error.code))


def test_every_code_of_the_sdk_and_of_the_rest_api_is_known() -> None:
    assert set(BY_CODE) >= SDK_CODES | REST_CODES


def test_no_code_stands_in_the_table_twice() -> None:
    assert len(BY_CODE) == len(ERROR_CODES)


@each
def test_meaning_and_remedy_are_sentences(error) -> None:
    for text in (error.meaning, error.remedy):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "|" not in text
    assert error.name[0].isupper()
    assert not error.name.endswith(".")


@each
def test_a_range_says_of_its_codes_what_the_table_says(error) -> None:
    if error.code in BY_CODE and error.kind is not Kind.API:
        assert explain(error.code // 100 * 100 + 99).kind is error.kind


def test_a_room_that_ended_and_a_person_who_left_are_no_trouble() -> None:
    assert [code for code in BY_CODE if not is_trouble(code)] == [53118, 53204, 53205]
    assert not is_trouble(None)


@pytest.mark.parametrize("code", [20101, 20104, 53000, 53105, 53106, 53119, 53206, 53500])
def test_some_errors_keep_people_out(code: int) -> None:
    assert stage(code) is Stage.JOIN


@pytest.mark.parametrize("code", [53001, 53405, 53216, 53205, 53404, None])
def test_some_errors_strike_who_is_in_the_room(code: int | None) -> None:
    assert stage(code) is Stage.CALL


@pytest.mark.parametrize("code", [20003, 20429, 53113, 53121, 53633, 59004])
def test_some_errors_touch_no_call(code: int) -> None:
    assert stage(code) is Stage.OUTSIDE


def test_of_an_unknown_code_its_range_is_told() -> None:
    assert explain(20199).kind is Kind.TOKEN
    assert explain(53499).kind is Kind.MEDIA
    assert stage(53499) is Stage.CALL


def test_where_the_range_does_not_tell_the_stage_nothing_is_made_up() -> None:
    assert stage(53199) is None
    assert explain(31005).meaning.startswith("Nothing more is known")


@given(st.integers())
def test_any_number_is_explained_and_keeps_its_code(code: int) -> None:
    error = explain(code)
    assert error.code == code
    assert error.is_trouble or code in BY_CODE
    assert error.meaning
    assert error.remedy


def test_the_page_is_the_table_written_out() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), "the page says how it is written anew"
