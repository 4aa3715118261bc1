"""What was found, how bad is it, and how is it told?  Pure."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import msgspec


class Verdict(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"  # it works, but not all of it, or not for long
    FAIL = "fail"  # it does not work


class Finding(NamedTuple):
    """What one check found, and what to do about it; `about` says which account or part of the house it is about."""

    verdict: Verdict
    what: str
    found: str
    remedy: str = ""
    about: str = ""


def ok(what: str, found: str, remedy: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(Verdict.OK, what, found, remedy)


def warn(what: str, found: str, remedy: str) -> Finding:
    """Return a finding that something is not as it should be."""
    return Finding(Verdict.WARN, what, found, remedy)


def fail(what: str, found: str, remedy: str) -> Finding:
    """Return a finding that something does not work."""
    return Finding(Verdict.FAIL, what, found, remedy)


def is_failed(findings: Sequence[Finding]) -> bool:
    """Whether anything does not work."""
    return any(finding.verdict is Verdict.FAIL for finding in findings)


def report(findings: Sequence[Finding]) -> str:
    """Return the findings as text: a heading for each thing examined, a line for each check, and the sum."""
    width = max((len(finding.what) for finding in findings), default=0)
    return "\n".join([*_lines(findings, width), _sum(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings for scripts: an array of objects, and nothing that the text does not say."""
    return msgspec.json.format(msgspec.json.encode([finding._asdict() for finding in findings]), indent=1).decode()


def _lines(findings: Sequence[Finding], width: int) -> Iterator[str]:
    for about, group in groupby(findings, lambda finding: finding.about):
        yield about
        for verdict, what, found, remedy, _ in group:
            yield f"  {verdict.value:<4}  {what:<{width}}  - {found}" + (f"; {remedy}" if remedy else "")
        yield ""


def _sum(findings: Sequence[Finding]) -> str:
    counted = [(verdict, sum(finding.verdict is verdict for finding in findings)) for verdict in Verdict]
    return ", ".join(f"{count} {verdict.value}" for verdict, count in counted)
