"""What do people see who run the tests of faults?"""

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
from tests import fault_table

def pytest_configure(config):
    config.pluginmanager.register(fault_table)
    config.addinivalue_line("markers", "fault(name, expected): as in the real suite")
"""

SUITE = """
import pytest

@pytest.fixture
def stops_badly():
    yield
    raise AssertionError("it did not end")

@pytest.mark.fault("pulled plug", expected="nothing is lost")
def test_one(observed):
    observed("12 sent")
    observed("12 stored")

@pytest.mark.fault("spilt tea", expected="it goes on")
def test_two(observed):
    observed("smoke")
    assert False

@pytest.mark.fault("no tea", expected="it waits")
def test_three():
    pytest.skip("no tea here")

@pytest.mark.fault("late tea", expected="it ends")
def test_four(stops_badly):
    pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(SUITE)
    return pytester


def test_a_row_says_what_was_expected_what_was_seen_and_how_it_went(suite: pytest.Pytester):
    said = suite.runpytest("-m", "fault", "-n1").stdout  # in another process, as most of the time
    said.fnmatch_lines_random(
        [
            "pulled plug*nothing is lost*12 sent; 12 stored*held*",
            "spilt tea*it goes on*smoke*FAILED*",
            "no tea*it waits*skipped*",
            "late tea*it ends*FAILED*",
        ]
    )


def test_who_asks_for_something_else_gets_no_table(suite: pytest.Pytester):
    suite.runpytest("-k", "one").stdout.no_fnmatch_line("*12 stored*")
