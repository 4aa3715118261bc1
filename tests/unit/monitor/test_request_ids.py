"""How requests are told apart."""

import pytest

from monitor.request_ids import answering, current, kept_or_new, new_id


def test_no_two_requests_have_one_id() -> None:
    assert len({new_id() for _ in range(100)}) == 100


@pytest.mark.parametrize("given", ["0af7651916cd43dd", "7c0b1f7e-42e1-4b0e-9a52-5d8a0c4b6f11", "Root=1-67891233-abc"])
def test_an_id_of_sane_shape_is_kept(given: str) -> None:
    assert kept_or_new(given) == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 129, "with spaces in it", 'quo"ted-id', "new\nline-of-log", "naïve-id"]
)
def test_anything_else_is_not(given: str) -> None:
    assert kept_or_new(given) != given


def test_outside_of_a_request_there_is_no_id() -> None:
    with answering("one"):
        with answering("two"):
            assert current() == "two"
        assert current() == "one"
    assert current() == ""
