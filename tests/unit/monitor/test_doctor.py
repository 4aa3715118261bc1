"""What the doctor makes of what was measured."""

import pytest

from monitor.callback_address import callback_address, callback_url
from monitor.doctor.findings import Finding, Verdict, fail, is_failed, ok, report, warn
from monitor.doctor.judgement import (
    Hook,
    judge_credentials,
    judge_delivery,
    judge_forgery,
    judge_hooks,
    judge_live_rooms,
    judge_public_url,
    judge_rate,
    judge_room_callbacks,
    judge_scope,
    judge_skew,
    judge_throttling,
)

OK, WARN, FAIL = Verdict
KEY = "SK" + "a" * 32
HERE = "https://watch.example.com/callbacks/twilio"
RETRYING = f"{HERE}#rc=5&rp=all"


# --- the report ---


def test_a_report_has_a_heading_an_aligned_line_for_each_check_and_a_sum() -> None:
    findings = [
        ok("clock", "fine")._replace(about="AC12…cdef"),
        warn("budget", "tight", "lower it")._replace(about="AC12…cdef"),
        fail("disk", "full", "make room")._replace(about="roomwatch"),
    ]
    assert report(findings).splitlines() == [
        "AC12…cdef",
        "  ok    clock   - fine",
        "  warn  budget  - tight; lower it",
        "",
        "roomwatch",
        "  fail  disk    - full; make room",
        "",
        "1 ok, 1 warn, 1 fail",
    ]


def test_a_warning_is_not_a_failure() -> None:
    assert not is_failed([warn("a", "b", "c"), ok("d", "e")])
    assert is_failed([ok("d", "e"), fail("a", "b", "c")])


# --- the key ---


@pytest.mark.parametrize(
    ("answer", "verdict"), [(200, OK), (401, FAIL), (403, FAIL), (429, WARN), (502, FAIL), ("ClientError", FAIL)]
)
def test_only_a_list_of_rooms_proves_a_key(answer: int | str, verdict: Verdict) -> None:
    finding = judge_credentials("credentials", KEY, answer)
    assert finding.verdict is verdict
    assert KEY not in " ".join(finding)


def test_what_a_key_may_not_read_is_said_with_what_is_then_missing() -> None:
    finding = judge_scope("recordings", "auth", "alerts on failed recordings")
    assert finding.verdict is WARN
    assert "no alerts on failed recordings" in finding.found


def test_a_resource_that_did_not_answer_is_not_called_forbidden() -> None:
    assert "not known" in judge_scope("recordings", "timeout", "alerts").found


# --- the clock and the quota ---


@pytest.mark.parametrize(
    ("skew_s", "verdict"), [(0.4, OK), (-5, OK), (5.1, WARN), (-60, WARN), (61, FAIL), (-61, FAIL)]
)
def test_a_clock_may_be_five_seconds_off_and_must_not_be_a_minute_off(skew_s: float, verdict: Verdict) -> None:
    assert judge_skew(skew_s).verdict is verdict


def test_it_is_said_which_clock_is_ahead() -> None:
    assert judge_skew(7).found == "7.0 s ahead of Twilio's"
    assert judge_skew(-7).found == "7.0 s behind Twilio's"
    assert judge_skew(None).verdict is WARN


@pytest.mark.parametrize(("rate", "verdict"), [(2, OK), (40, OK), (41, WARN), (80, WARN), (81, FAIL)])
def test_a_budget_leaves_half_of_the_quota_to_others(rate: float, verdict: Verdict) -> None:
    assert judge_rate(rate).verdict is verdict


@pytest.mark.parametrize(("count", "verdict"), [(0, OK), (6999, OK), (7000, WARN), (10_000, WARN)])
def test_seventy_percent_of_the_rooms_is_where_twilio_warns_too(count: int, verdict: Verdict) -> None:
    assert judge_live_rooms(count).verdict is verdict


def test_a_single_429_is_worth_a_warning() -> None:
    assert judge_throttling(0).verdict is OK
    assert judge_throttling(1).verdict is WARN


# --- the callbacks ---


def test_twilio_is_given_an_address_that_asks_for_retries() -> None:
    assert callback_address("https://watch.example.com/") == HERE
    assert callback_url("https://watch.example.com") == RETRYING
    assert not callback_url("")


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://watch.example.com", OK),
        ("https://watch.example.com/roomwatch/", OK),
        ("http://watch.example.com", WARN),
        ("", WARN),
        ("watch.example.com", FAIL),
        ("ftp://watch.example.com", FAIL),
        ("https://watch.example.com/?a=b", FAIL),
        ("https://watch.example.com/#rc=5", FAIL),
        ("http://127.0.0.1:8470", FAIL),
        ("https://10.0.0.7", FAIL),
        ("https://roomwatch.internal", FAIL),
        ("https://roomwatch", FAIL),
    ],
)
def test_twilio_has_to_be_able_to_reach_the_public_address(url: str, verdict: Verdict) -> None:
    assert judge_public_url(url, is_simulated=False).verdict is verdict


def test_a_simulator_reaches_what_twilio_does_not() -> None:
    assert judge_public_url("http://127.0.0.1:8470", is_simulated=True).verdict is OK


def test_a_password_in_the_public_address_is_not_repeated() -> None:
    for url in ("https://me:secret@watch.example.com", "ftp://me:secret@watch.example.com"):
        assert "secret" not in " ".join(judge_public_url(url, is_simulated=False))


@pytest.mark.parametrize(
    ("answer", "verdict"), [(204, OK), (403, FAIL), (503, WARN), (404, FAIL), (301, FAIL), ("TimeoutError", FAIL)]
)
def test_only_204_says_that_a_callback_was_taken(answer: int | str, verdict: Verdict) -> None:
    assert judge_delivery(answer, HERE).verdict is verdict


@pytest.mark.parametrize(
    ("answer", "verdict"), [(403, OK), (204, FAIL), (200, FAIL), (502, WARN), ("TimeoutError", WARN)]
)
def test_only_403_says_that_a_forgery_is_kept_out(answer: int | str, verdict: Verdict) -> None:
    assert judge_forgery(answer).verdict is verdict


@pytest.mark.parametrize(
    ("callbacks", "verdict"),
    [
        ([], OK),
        ([RETRYING, RETRYING], OK),
        ([RETRYING, HERE], WARN),
        ([RETRYING, None], WARN),
        (["https://elsewhere.example.com/"], WARN),
    ],
)
def test_live_rooms_show_where_their_callbacks_go(callbacks: list[str | None], verdict: Verdict) -> None:
    finding = judge_room_callbacks(callbacks, HERE)
    assert finding.verdict is verdict


def test_for_ad_hoc_rooms_the_console_is_named() -> None:
    assert "console's room settings" in judge_room_callbacks([], HERE).remedy
    assert "console's room settings" in judge_room_callbacks([None], HERE).remedy


def test_hooks_that_report_elsewhere_are_named_and_disabled_ones_are_not() -> None:
    hooks = [
        Hook("good", True, RETRYING),
        Hook("silent", True, None),
        Hook("astray", True, "https://elsewhere.example.com/"),
        Hook("off", False, None),
    ]
    finding = judge_hooks(hooks, HERE)
    assert finding.verdict is WARN
    assert finding.found == "2 of 3 enabled do not call back here: silent, astray"


def test_a_hook_without_retries_is_worth_a_warning() -> None:
    assert judge_hooks([Hook("one", True, HERE)], HERE).verdict is WARN
    assert judge_hooks([Hook("one", True, RETRYING)], HERE).verdict is OK
    assert judge_hooks([], HERE).verdict is OK


def test_whoever_is_warned_is_told_what_to_do() -> None:
    findings: list[Finding] = [
        judge_credentials("credentials", KEY, 401),
        judge_skew(90),
        judge_rate(100),
        judge_public_url("", is_simulated=False),
        judge_delivery(403, HERE),
        judge_hooks([Hook("one", True, None)], HERE),
    ]
    assert all(finding.remedy for finding in findings)
