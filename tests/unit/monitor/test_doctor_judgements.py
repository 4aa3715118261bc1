"""What the doctor says of a machine, and of where pages are to go."""

import json

import pytest

from monitor.doctor.findings import Verdict, as_json, ok
from monitor.doctor.process_judgement import judge_certificate, judge_exposure, judge_files, judge_user, judge_watchdog
from monitor.doctor.reach_judgement import Door, Knock, judge_alertmanager, judge_knock
from monitor.supervision.liveness import Watchdog

OK, WARN, FAIL = Verdict
DOOR = Door("pager.example.com", 443)


def test_root_is_warned_of_and_anybody_else_is_well() -> None:
    assert judge_user(0).verdict is WARN
    assert judge_user(1000).verdict is OK


def test_a_secret_that_others_can_read_keeps_the_daemon_from_starting() -> None:
    assert judge_exposure(["a; chmod o-r a"], []).verdict is FAIL
    assert judge_exposure([], ["db; chmod 600 db"]).verdict is WARN
    assert judge_exposure([], []).verdict is OK


def test_too_few_file_descriptors_are_told_with_the_number_it_takes() -> None:
    assert "LimitNOFILE=20200" in judge_files(1024, 20_200).remedy
    assert judge_files(-1, 20_200).verdict is judge_files(20_200, 20_200).verdict is OK


def test_under_systemd_a_watchdog_is_expected_that_a_slow_disk_does_not_set_off() -> None:
    assert judge_watchdog(False, None).verdict is OK
    assert judge_watchdog(True, None).verdict is WARN
    assert judge_watchdog(True, Watchdog(10)).verdict is WARN
    assert judge_watchdog(True, Watchdog(60)).verdict is OK


def test_a_host_without_an_address_is_told_from_one_that_does_not_open() -> None:
    assert "has no address" in judge_knock(DOOR, ["pager"], Knock("not known", is_named=False)).found
    assert "nobody opens at pager.example.com:443" in judge_knock(DOOR, ["pager"], Knock("refused")).found
    assert judge_knock(DOOR, ["pager", "chat"], Knock()).what == "pager, chat"


def test_an_alertmanager_is_ready_or_it_is_said_why_not() -> None:
    said = [judge_alertmanager("a", answer).verdict for answer in (200, 401, 503, "no answer in 5 s")]
    assert said == [OK, FAIL, FAIL, FAIL]


def test_scripts_get_what_people_get() -> None:
    (said,) = json.loads(as_json([ok("clock", "agrees")._replace(about="AC1")]))
    assert said == {"verdict": "ok", "what": "clock", "found": "agrees", "remedy": "", "about": "AC1"}


@pytest.mark.parametrize(
    ("left_s", "fault", "verdict", "found"),
    [
        (90 * 86_400, "", OK, "ends in 90.0 days"),
        (10 * 86_400, "", WARN, "ends in 10.0 days"),
        (2 * 86_400, "", FAIL, "ends in 2.0 days"),
        (-86_400, "", FAIL, "ended 1.0 days ago"),
        (None, "", WARN, "it does not say when it ends in a way that is understood"),
        (None, "cert.pem: expected a readable file", FAIL, "cert.pem: expected a readable file"),
    ],
)
def test_a_certificate_lasts_or_it_is_said_how_long(left_s, fault, verdict, found) -> None:
    finding = judge_certificate("public", left_s, fault)
    assert (finding.verdict, finding.what, finding.found) == (verdict, "certificate (public)", found)
