"""What does a test of a rule say: what is seen, and what is to become of it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from alerts.model import Reason, Rule, Value
from monitor.rule_tests.courses import Course


class Standing(StrEnum):
    """How an alert may be expected to stand; `resolved` is inactive because an episode is over."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Gone:
    """From a moment on the thing is over, for a reason in a word."""

    at_s: float
    why: str


@dataclass(frozen=True)
class Expectation:
    """How the alert stands at a moment, when everything that was due by then has happened.

    `reason` and `detail` are those of its last change.  Of labels and annotations those named must be as said.
    """

    at_s: float
    standing: Standing
    reason: Reason | None = None
    detail: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True)
class Case:
    """One test: a rule, what it is shown of one thing, and what is expected; it fires `episodes` times in all."""

    name: str
    rule: Rule
    courses: Mapping[str, Course]
    entity: str
    labels: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Value] = field(default_factory=dict)
    every_s: float = 10.0
    gone: Gone | None = None
    expectations: tuple[Expectation, ...] = ()
    episodes: int | None = None
    line: int | None = None
