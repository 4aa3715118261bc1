"""How well is it told whose fault a bad call was?  On incidents of known truth, none of which it was tuned on."""

from functools import cache

import pytest

from monitor.verdict import Cause
from tests.benchmarks.verdicts import MEASURED_ON, Judged, judged, main, mistakes, overall, scores
from tests.incidents import AMBIGUOUS, KINDS, incident, incidents

SEEDS = MEASURED_ON + 5_000  # not those whose figures are published, either


@cache
def results() -> list[Judged]:
    return judged(incidents(SEEDS, scale=0.95))


def of(*causes: Cause) -> list[Judged]:
    return [each for each in results() if each.incident.cause in causes]


def test_there_are_enough_incidents_of_every_sort() -> None:
    assert len(results()) - len(of(Cause.NOTHING, Cause.NOT_KNOWN)) >= 200
    assert min(len(of(Cause.NOTHING)), len(of(Cause.NOT_KNOWN))) >= 40
    assert {each.incident.cause for each in results()} == set(Cause)


def test_nineteen_in_twenty_verdicts_are_right() -> None:
    assert overall(results()).precision >= 0.95, f"{scores(results())}\n{mistakes(results())}"


def test_nine_in_ten_causes_are_found() -> None:
    assert overall(results()).recall >= 0.9, f"{scores(results())}\n{mistakes(results())}"


def test_what_nobody_can_know_is_not_known() -> None:
    named = [each for each in of(Cause.NOT_KNOWN) if not each.is_right]
    assert not named, mistakes(named)


def test_the_ambiguous_ones_are_of_many_sorts() -> None:
    assert len(AMBIGUOUS) >= 6


def test_every_sentence_speaks_of_numbers_and_ends() -> None:
    for each in results():
        sentence = each.verdict.sentence
        assert sentence.endswith("."), sentence
        assert any(letter.isdigit() for letter in sentence), sentence


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_stages_the_same_incident(kind: str) -> None:
    assert incident(kind, 3) == incident(kind, 3)


def test_the_benchmark_says_which_seeds_it_measured_and_which_it_was_settled_on(capsys: pytest.CaptureFixture) -> None:
    main(["--scale", "0.01", "--first-seed", "7"])
    said = capsys.readouterr().out
    assert "12 incidents, seeds from 7 on; thresholds settled on those from 1 and 10001 on" in said
    assert "truth \\ said" in said
