"""Which keys may a file of rule tests have, and is what it says right?

Everything that is wrong with a file is found in one run, with the path of its key; rules are written as in a
configuration.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import Field

from alerts.model import Reason, Rule
from alerts.rules import VOCABULARY, RuleError, parse_duration
from monitor.config import Problem, ProblemsFound, build
from monitor.config_lines import Path as KeyPath
from monitor.rule_tests.cases import Case, Expectation, Gone, Standing
from monitor.rule_tests.courses import Course, Stretch, parse_course
from monitor.settings import RuleText, Section

T = TypeVar("T")
LineOf = Callable[[KeyPath], int | None]


class GoneText(Section):
    """When the thing is over, and why."""

    at: str
    why: str = "gone"


class ExpectText(Section):
    """What is expected at a moment."""

    at: str
    state: Standing
    reason: Reason | None = None
    detail: str | None = None
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class TestText(Section):
    """One test; what is seen is written either value by value or reading by reading."""

    name: str
    rule: str
    values: Mapping[str, str | float] = {}
    readings: tuple[Mapping[str, str | float], ...] = ()
    every: str = "10s"
    entity: str = ""
    labels: Mapping[str, str] = {}
    details: Mapping[str, str | float] = {}
    gone: GoneText | None = None
    expect: tuple[ExpectText, ...] = ()
    episodes: int | None = Field(ge=0, default=None)


class FileText(Section):
    """The whole file."""

    rules: tuple[RuleText, ...] = ()
    tests: tuple[TestText, ...] = ()


def build_cases(given: Mapping[str, Any], known: Sequence[Rule], line_of: LineOf) -> list[Case]:
    """Return the tests of a file; its own rules take the place of known ones of the same name.

    Raises:
        ProblemsFound: with every problem there is.
        ValidationError: likewise, where the shape is wrong.
    """
    texts = FileText.model_validate(given)
    rules = {rule.name: rule for rule in (*known, *_own_rules(given))}
    problems = [] if texts.tests else [Problem(("tests",), "expected at least one test, got none")]
    cases = [
        _Builder(("tests", number), problems, line_of).case(text, rules) for number, text in enumerate(texts.tests)
    ]
    if problems:
        raise ProblemsFound(problems)
    return [case for case in cases if case is not None]


def _own_rules(given: Mapping[str, Any]) -> Sequence[Rule]:
    own = [rule["name"] for rule in given.get("rules", ())]
    return [rule for rule in build({"rules": given.get("rules", [])}).rules if rule.name in own]


class _Builder:
    """Builds one test, and takes note of whatever is wrong with it."""

    def __init__(self, path: KeyPath, problems: list[Problem], line_of: LineOf) -> None:
        self._path = path
        self._problems = problems
        self._line_of = line_of

    def case(self, text: TestText, rules: Mapping[str, Rule]) -> Case | None:
        """Return the test, unless it names no rule there is."""
        rule = rules.get(text.rule)
        if rule is None:
            near = get_close_matches(text.rule, rules, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            self._wrong("rule", message=f"expected the name of a rule, got {text.rule!r}{hint}")
            return None
        return Case(
            name=text.name,
            rule=rule,
            courses=self._courses(text, rule),
            entity=text.entity or f"a-{rule.over}",
            labels=text.labels,
            details=text.details,
            every_s=self._positive_s("every", text.every),
            gone=None if text.gone is None else Gone(self._seconds("gone", "at", text=text.gone.at), text.gone.why),
            expectations=tuple(self._expectations(text)),
            episodes=text.episodes,
            line=self._line_of(self._path),
        )

    def _expectations(self, text: TestText) -> Iterator[Expectation]:
        if not text.expect and text.episodes is None:
            self._wrong("expect", message="expected something to be expected, got nothing")
        for number, each in enumerate(text.expect):
            yield Expectation(
                self._seconds("expect", number, "at", text=each.at),
                each.state,
                each.reason,
                each.detail,
                each.labels,
                each.annotations,
                self._line_of((*self._path, "expect", number)),
            )

    # --- what is seen -------------------------------------------------------------------------------------

    def _courses(self, text: TestText, rule: Rule) -> Mapping[str, Course]:
        if bool(text.values) == bool(text.readings):
            self._wrong("values", message="expected what is seen either as `values` or as `readings`, got both or none")
            return {}
        for key, names in (("values", list(text.values)), ("readings", _named_in(text.readings))):
            self._check_names(key, names, rule)
        if text.readings:
            return self._read_off(text.readings)
        return {name: self._course(name, told) for name, told in text.values.items()}

    def _check_names(self, key: str, names: Sequence[str], rule: Rule) -> None:
        known = VOCABULARY[rule.over].values
        for name in names:
            if name not in known:
                self._wrong(key, message=f"expected values of a {rule.over} ({', '.join(known)}), got {name!r}")

    def _course(self, name: str, told: str | float) -> Course:
        if not isinstance(told, str):
            return _lasting(float(told))
        return self._tried(lambda: parse_course(told), _lasting(0.0), "values", name)

    def _read_off(self, readings: Sequence[Mapping[str, str | float]]) -> Mapping[str, Course]:
        """Return what readings one by one say, each value as it stays until it is said anew."""
        courses: dict[str, list[Stretch]] = {}
        last_s = -1.0
        for number, reading in enumerate(readings):
            at_s = self._seconds("readings", number, "at", text=reading.get("at", ""))
            if at_s <= last_s:
                self._wrong("readings", number, message="expected readings in the order of time")
            last_s = at_s
            for name in reading.keys() - {"at"}:
                value = self._value(number, name, reading[name])
                courses.setdefault(name, []).append(Stretch(at_s, at_s, value, value))
        return {name: _until_the_next(said, last_s) for name, said in courses.items()}

    def _value(self, number: int, name: str, told: str | float) -> float | None:
        if isinstance(told, str) and told != "_":
            self._wrong("readings", number, message=f'expected {name} to be a number, or "_" for unknown, got {told!r}')
            return None
        return None if isinstance(told, str) else float(told)

    # --- what is wrong ------------------------------------------------------------------------------------

    def _positive_s(self, key: str, text: str) -> float:
        seconds = self._seconds(key, text=text)
        if seconds <= 0:
            self._wrong(key, message=f"expected a duration that lasts, got {text!r}")
            return 1.0
        return seconds

    def _seconds(self, *path: str | int, text: str | float) -> float:
        return self._tried(lambda: parse_duration(str(text)), 0.0, *path)

    def _tried(self, parse: Callable[[], T], otherwise: T, *path: str | int) -> T:
        try:
            return parse()
        except RuleError as error:
            self._wrong(*path, message=str(error))
            return otherwise

    def _wrong(self, *path: str | int, message: str) -> None:
        self._problems.append(Problem((*self._path, *path), message))


def _named_in(readings: Sequence[Mapping[str, str | float]]) -> Sequence[str]:
    return list(dict.fromkeys(name for reading in readings for name in reading if name != "at"))


def _lasting(value: float) -> Course:
    return (Stretch(0.0, 1.0, value, value),)


def _until_the_next(said: Sequence[Stretch], last_s: float) -> Course:
    """Return stretches that each last until the next one begins, the last of them until the last reading."""
    ends = [*(each.from_s for each in said[1:]), max(last_s, said[-1].from_s) + 0.001]
    return tuple(each._replace(to_s=end) for each, end in zip(said, ends, strict=True))
