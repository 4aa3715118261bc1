"""Is every promise that the page makes proven, or said why not?"""

import re

import pytest

from tests.promises import ROOT, promises, proofs

PROMISES, PROOFS = promises(), proofs()
UNPROVEN = set(re.findall(r"\bP\d+\b", (ROOT / "DECISIONS.md").read_text(encoding="utf-8")))  # and why, it says there


def test_the_promises_are_forty_and_numbered():
    assert [each.name for each in PROMISES] == [f"P{number}" for number in range(1, 41)]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_a_promise_is_proven_by_the_test_that_the_page_names(promise):
    tests = {proof.test for proof in PROOFS.get(promise.name, ())}
    assert promise.test in tests or promise.name in UNPROVEN


def test_every_marker_names_a_promise():
    assert PROOFS.keys() <= {each.name for each in PROMISES}
