"""Of several replicas, what is of all of them is shown once, and nothing is left out."""

from monitor.fleet_metrics import OF_ALL, OF_WHO_DECIDES, of_one_replica
from monitor.metrics import FAMILIES


def test_what_is_named_is_there_and_of_one_sort() -> None:
    assert FAMILIES.keys() >= OF_ALL | OF_WHO_DECIDES
    assert not OF_ALL & OF_WHO_DECIDES


def test_whoever_decides_shows_all_that_is_not_of_all() -> None:
    assert {*of_one_replica(decides=True), *OF_ALL} == set(FAMILIES)


def test_the_others_show_what_is_their_own() -> None:
    shown = of_one_replica(decides=False)
    assert {"roomwatch_telemetry_posts_total", "roomwatch_duty_held", "roomwatch_log_behind_seconds"} <= set(shown)
    assert not OF_WHO_DECIDES & set(shown)


def test_what_is_of_all_does_not_count_up_since_it_would_begin_anew_with_whoever_is_asked() -> None:
    assert {FAMILIES[name].kind for name in OF_ALL} == {"gauge"}
