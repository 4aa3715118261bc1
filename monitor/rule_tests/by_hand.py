"""How does the command that runs rule tests go about it, and what does it say?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.default_rules import DEFAULT_RULES
from alerts.model import Rule
from monitor.config import ConfigInvalid, load_rules, understood
from monitor.config_lines import key_lines, line_of
from monitor.rule_tests.cases import Case
from monitor.rule_tests.running import failures_of
from monitor.rule_tests.texts import build_cases


@dataclass
class Tested:
    """What became of the tests in some files.

    Attributes:
        passed: how many tests did.
        failures: a line for each expectation that was not met.
        faults: a line for each thing that is wrong with a file.
    """

    passed: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Return everything that is to be said."""
        yield from self.faults
        yield from self.failures
        yield f"{self.passed} passed, {self.failed} failed" + (", a file is wrong" if self.faults else "")


def run_rule_tests(files: Sequence[Path], config: Path | None = None) -> Tested:
    """Run the tests in files, of the rules of a configuration or of the shipped ones.

    Raises:
        ConfigInvalid: the rules of the configuration are wrong.
    """
    rules = DEFAULT_RULES if config is None else load_rules(config)
    tested = Tested()
    for file in files:
        try:
            cases = load_cases(file, rules)
        except ConfigInvalid as invalid:
            tested.faults += invalid.errors
            continue
        for case in cases:
            _run(case, file, tested)
    return tested


def load_cases(file: Path, rules: Sequence[Rule]) -> list[Case]:
    """Return the tests in a file.

    Raises:
        ConfigInvalid: with everything that is wrong with it.
    """

    def built(given: Mapping[str, Any]) -> list[Case]:
        lines = key_lines(file.read_text(encoding="utf-8"))
        return build_cases(given, rules, lambda path: line_of(lines, path))

    return understood(file, built)


def _run(case: Case, file: Path, tested: Tested) -> None:
    failures = list(failures_of(case))
    tested.passed += not failures
    tested.failed += bool(failures)
    for line, what in failures:
        tested.failures.append(f"{file}{f':{line}' if line else ''}: {case.name}: {what}")
