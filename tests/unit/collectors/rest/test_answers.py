import pytest

from collectors.base import CollectError
from collectors.rest.answers import Answer, judged
from collectors.rest.outcome import Outcome


def judge(status: int, text: str = "", **headers: str):
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return judged("rooms", Answer(status, text, named), 0)


@pytest.mark.parametrize("status", [200, 201, 204, 302, 307])
def test_an_answer_is_handed_on_and_so_is_a_redirect(status: int) -> None:
    attempt = judge(status)
    assert isinstance(attempt.result, Answer)
    assert attempt.outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    ("status", "text", "outcome", "kind"),
    [
        (400, '{"code": 20001}', Outcome.ANSWERED, "refused"),
        (401, '{"code": 20003}', Outcome.UNAUTHORIZED, "auth"),
        (401, "", Outcome.UNAUTHORIZED, "auth"),
        (401, '{"code": 70051}', Outcome.ANSWERED, "auth"),
        (403, '{"code": 20403}', Outcome.ANSWERED, "auth"),
        (404, "{}", Outcome.ANSWERED, "not_found"),
        (429, '{"code": 20429}', Outcome.THROTTLED, "throttled"),
        (500, "<html>", Outcome.SERVER, "server"),
        (503, "[]", Outcome.SERVER, "server"),
    ],
)
def test_a_refusal_has_a_kind_and_says_whether_asking_again_makes_sense(status, text, outcome, kind) -> None:
    attempt = judge(status, text)
    assert attempt.outcome is outcome
    assert isinstance(attempt.result, CollectError)
    assert attempt.result.kind == kind


def test_the_error_says_what_came_and_nothing_of_what_was_in_it() -> None:
    attempt = judge(400, '{"code": 20001, "message": "no such identity: alice"}')
    assert str(attempt.result) == "rooms: expected 200, got 400 with code 20001"


def test_a_pause_is_read_off_a_429_and_a_503_only() -> None:
    assert judge(429, retry_after="7").retry_after_s == 7
    assert judge(503, retry_after="7").retry_after_s == 7
    assert judge(404, retry_after="7").retry_after_s is None
