"""Whether the page about capacity says what the model does: in the parts that it writes, and in people's words."""

import re

import pytest

from docs.writing.capacity import BUSY_DAY_RATIO, PARTS, markdown
from monitor.capacity.advice import advise
from monitor.capacity.assumptions import ASSUMPTIONS, Assumed
from monitor.capacity.demand import Demand
from monitor.settings import Storage
from tests.documentation import DOCS

PAGE = (DOCS / "capacity.md").read_text(encoding="utf-8")
OURS = Assumed()


def test_every_part_that_the_model_writes_is_on_the_page_once() -> None:
    assert sorted(re.findall(r"<!-- written: (\w+) -->", PAGE)) == sorted(PARTS)
    assert PAGE.count("<!-- end -->") == len(PARTS)


def test_a_part_is_written_anew_whatever_stood_there_and_the_rest_is_left() -> None:
    stale = re.sub(r"(<!-- written: plan -->\n).*?(<!-- end -->)", r"\1old\n\2", PAGE, flags=re.DOTALL)
    assert stale != PAGE
    assert markdown(stale) == PAGE


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("a post of one event, survives a `kill -9` / a power cut", ("post_us", "post_synced_us")),
        ("the same (`kill -9`) with an access token, whose signature is checked", ("post_token_us",)),
        ("a post of fifty events", ("post_50_us",)),
        (
            "a post of one event with 1,000 / 10,000 / 100,000 people live",
            ("post_1k_us", "post_10k_us", "post_100k_us"),
        ),
        (
            "memory, nobody there / 1,000 / 10,000 / 100,000 people, 64 samples each",
            ("memory_0_mb", "memory_1k_mb", "memory_10k_mb", "memory_100k_mb"),
        ),
        ("packing a sample; putting chunks together later", ("pack_us", "merge_us")),
    ],
)
def test_what_the_page_says_was_measured_is_what_the_model_goes_by(row: str, names: tuple[str, ...]) -> None:
    (said,) = re.findall(rf"^\| {re.escape(row)} \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert [float(each) for each in re.findall(r"[\d.]+", said)][: len(names)] == [OURS[name] for name in names]


def test_what_the_page_says_a_sample_takes_is_what_the_model_goes_by() -> None:
    (said,) = re.findall(
        r"^\| a sample on disk, packed / put together; rollups beside it \| ([^|]+) \|", PAGE, re.MULTILINE
    )
    _, merged, rollups = (float(each) for each in re.findall(r"[\d.]+", said))
    assert (merged, rollups * 360) == (OURS["sample_bytes"], OURS["rollup_hour_bytes"])


def test_the_sums_are_made_of_assumptions_that_there_are() -> None:
    sums = PAGE.partition("## Sums")[2].partition("\n## ")[0]
    named = {word for word in re.findall(r"`([a-z0-9_]+)`", sums) if "_" in word}
    assert named - set(Storage.model_fields) <= {each.name for each in ASSUMPTIONS}


def test_the_example_of_a_day_of_eight_hours_is_that_of_the_table() -> None:
    (row,) = re.findall(r"^\| 10,000 \| ([^|]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    here = advise(Demand(10_000, mean_to_peak_ratio=BUSY_DAY_RATIO), OURS).one_machine
    assert row == (f"{here.cpu.core_ratio:.0%}".replace("%", " % of a core"), f"{here.memory_bytes / 1e6:.0f} MB")
    assert 0.2 < here.cpu.core_ratio < 0.3  # a quarter, as the words say
    assert here.ordered_memory_gb == 1
