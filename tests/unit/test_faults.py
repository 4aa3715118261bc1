"""Does the page of faults say what the tests do, and is the table of what they saw readable?"""

from tests.fault_table import Row, table
from tests.faults import faults_in_tests, faults_on_page


def test_the_page_and_the_markers_are_about_the_same_faults():
    assert sorted(faults_on_page()) == sorted(faults_in_tests())


def test_no_two_tests_do_the_same():
    names = [each.name for each in faults_in_tests()]
    assert len(names) == len(set(names))


def test_words_that_are_too_long_for_a_column_go_on_below():
    shown = table([Row("pulled plug", "nothing is lost " * 5, "12 sent", "held", 1.25)])
    assert [line.split("  ")[0] for line in shown.splitlines()] == ["fault", "", "pulled plug", ""]
    assert "12 sent   held     1.2 s" in shown
