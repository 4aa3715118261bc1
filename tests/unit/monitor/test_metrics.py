"""The table of metric families, held to the conventions of the field, and its description held to the table."""

import re
from pathlib import Path

import pytest

from collectors.events import CanarySeen, Source
from monitor.metrics import FAMILIES, Family, Metrics
from tests.builders import ACCOUNT, NOW_MS

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(roomwatch_\w+)` \|.*$", re.MULTILINE)

each_family = pytest.mark.parametrize(("name", "family"), FAMILIES.items(), ids=FAMILIES)


def row(name: str, family: Family) -> str:
    """Return the line that docs/metrics.md must have for a family."""
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{name}` | {family.kind} | {labels} | {family.help} |"


@each_family
def test_a_name_says_whose_it_is_in_snake_case(name, family):
    assert re.fullmatch(r"roomwatch(_[a-z0-9]+)+", name)
    assert not name.endswith(("_count", "_sum", "_bucket"))
    assert family.kind not in name.split("_")


@each_family
def test_counters_and_nothing_else_end_in_total(name, family):
    assert name.endswith("_total") == (family.kind == "counter")


@each_family
def test_units_are_base_units(name, family):
    words = set(name.split("_"))
    assert not words & {
        "ms",
        "milliseconds",
        "minutes",
        "hours",
        "days",
        "s",
        "sec",
        "kb",
        "mb",
        "kilobytes",
        "megabytes",
    }
    assert not words & {"percent", "pct", "percentage", "bits", "bps"}
    if family.kind == "histogram":
        assert name.endswith(("_seconds", "_ratio", "_bytes", "_events", "_score"))


@each_family
def test_a_moment_is_a_timestamp_and_not_an_age(name, family):
    assert not {"age", "ago", "since"} & set(name.split("_"))
    assert ("timestamp" in name) == name.endswith("_timestamp_seconds")


@each_family
def test_help_is_a_sentence(name, family):
    assert family.help.endswith(".")
    assert family.help[0].isupper()
    assert "|" not in family.help


@each_family
def test_labels_are_few_and_leave_room_for_prometheus_own(name, family):
    assert len(family.labels) <= 3
    for label in family.labels:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", label)
        assert label not in {"type", "region", "zone", "env", "service", "instance", "job", "le", "quantile"}
        assert not {"sid", "identity", "room", "participant", "name"} & set(label.split("_"))


@each_family
def test_buckets_rise_and_belong_to_histograms(name, family):
    assert bool(family.buckets) == (family.kind == "histogram")
    assert list(family.buckets) == sorted(set(family.buckets))


def test_no_counter_counts_successes_and_failures_under_one_name():
    labels = {label for family in FAMILIES.values() for label in family.labels}
    assert not labels & {"success", "ok", "status_class", "result", "outcome"}


def test_what_is_shown_from_the_start_whatever_the_configuration_is_fewer_than_300_series_and_histograms():
    metrics = Metrics()
    assert sum(map(len, metrics.values.values())) + sum(map(len, metrics.histograms.values())) < 300


@each_family
def test_each_family_is_described_as_the_table_has_it(name, family):
    assert row(name, family) in DOCUMENT.read_text(encoding="utf-8").splitlines()


def test_no_family_is_described_that_is_not_there_nor_twice():
    assert sorted(ROW.findall(DOCUMENT.read_text(encoding="utf-8"))) == sorted(FAMILIES)


def canary(step: str, seconds: float | None, at_ms: int = NOW_MS) -> CanarySeen:
    return CanarySeen(at_ms, Source.SELF, ACCOUNT, step, seconds, None if seconds is not None else "no answer")


def test_a_canary_run_counts_once_however_it_went():
    metrics = Metrics()
    for step, seconds in (("create", 0.2), ("fetch", 0.1), ("round_trip", 0.3), ("create", None)):
        metrics.count_event(canary(step, seconds))
    assert metrics.total("roomwatch_canary_runs_total") == 2
    assert metrics.values["roomwatch_canary_failures_total"][("create",)] == 1
    assert metrics.values["roomwatch_canary_step_duration_seconds"] == {
        ("create",): 0.2,
        ("fetch",): 0.1,
        ("round_trip",): 0.3,
    }


def test_only_a_run_that_went_well_to_its_end_is_a_success():
    metrics = Metrics()
    last_success = metrics.values["roomwatch_canary_last_success_timestamp_seconds"]
    metrics.count_event(canary("create", 0.2))
    assert last_success[()] == 0
    metrics.count_event(canary("round_trip", 0.9))
    assert last_success[()] == NOW_MS / 1000
    metrics.count_event(canary("round_trip", None, NOW_MS + 1000))
    assert last_success[()] == NOW_MS / 1000
