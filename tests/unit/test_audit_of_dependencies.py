"""What services for advisories say, and what is made of it."""

import json

from deploy.audit import Answer, of_npm, of_pip, verdict

ADVISORY = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.1"], "description": "Bad."}


def pip(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_packages_without_advisories_are_well():
    assert of_pip(pip({"name": "a", "version": "1", "vulns": []})) == Answer([])


def test_an_advisory_is_told_with_the_version_that_helps():
    said = pip({"name": "a", "version": "2.0", "vulns": [ADVISORY]})
    assert of_pip(said) == Answer(["a 2.0: PYSEC-2026-1, fixed in 2.1"])


def test_a_package_that_was_skipped_was_not_found_well():
    """pip-audit says "no known vulnerabilities found" there, and ends with 0."""
    found = {"name": "a", "version": "2.0", "vulns": [ADVISORY]}
    answer = of_pip(pip(found, {"name": "b", "skip_reason": "not found: b (1)"}))
    assert answer == Answer(["a 2.0: PYSEC-2026-1, fixed in 2.1"], unasked="1 of 2 packages, not found: b (1)")


def test_an_exception_in_the_place_of_an_answer_is_no_answer():
    assert of_pip("Traceback\n  ...\nConnectionError: no such host\n").unasked == "ConnectionError: no such host"
    assert of_npm("").unasked == "no answer"


def test_npm_without_advisories_is_well():
    assert of_npm('{"auditReportVersion": 2, "vulnerabilities": {}}') == Answer([])


def test_npm_tells_each_advisory_once_and_not_for_all_that_depend_on_it():
    found = {"title": "Bad", "url": "https://example.com/advisories/GHSA-1", "severity": "high"}
    said = {"vulnerabilities": {"a": {"via": [found]}, "b": {"via": ["a"]}}}
    assert of_npm(json.dumps(said)) == Answer(["a: GHSA-1 Bad (high)"])


def test_npm_that_is_refused_was_not_answered():
    assert of_npm('{"message": "405 Method Not Allowed", "statusCode": 405}').unasked == "405 Method Not Allowed"


def test_findings_fail_and_silence_fails_only_where_an_answer_is_required():
    silent, found = Answer(unasked="nobody there"), Answer(["a 2.0: PYSEC-2026-1"])
    assert verdict({"x": silent, "y": Answer()}, is_required=False) == (
        ["x: 0 found, could not be asked: nobody there", "y: 0 found, asked"],
        0,
    )
    assert verdict({"x": silent}, is_required=True)[1] == 1
    assert verdict({"x": silent, "y": found}, is_required=False)[1] == 1
