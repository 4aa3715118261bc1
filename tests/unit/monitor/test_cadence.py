"""How often what is asked for."""

import pytest

from collectors.registry import SOURCES
from monitor.cadence import RECONCILED_AT_ONCE, Activity, interval_s
from monitor.settings import Polling

POLLING = Polling(rooms_every_s=10, compositions_every_s=10, trusted_factor=3)
BUSY = Activity(callbacks_trusted=False, waits_for_media=lambda: True)
TOLD = Activity(callbacks_trusted=True, waits_for_media=lambda: True)
IDLE = Activity(callbacks_trusted=False, waits_for_media=lambda: False)


@pytest.mark.parametrize(
    ("resource", "activity", "seconds"),
    [
        ("rooms", BUSY, 10),
        ("rooms", IDLE, 10),  # nobody but a sweep tells of the first room
        ("rooms", TOLD, 30),
        ("compositions", BUSY, 10),
        ("compositions", TOLD, 30),
        ("compositions", IDLE, 60),
    ],
)
def test_sweeps_are_seldom_while_callbacks_tell_or_nothing_goes_on(resource, activity, seconds) -> None:
    assert interval_s(resource, POLLING, activity) == seconds


def test_an_interval_that_can_be_configured_is_the_one_that_is_kept() -> None:
    polling = Polling(hooks_every_s=61, summaries_every_s=62, usage_every_s=63)
    given = [interval_s(resource, polling, TOLD) for resource in ("composition_hooks", "summaries", "usage")]
    assert given == [61, 62, 63]


def test_what_the_agenda_decides_is_decided_every_second() -> None:
    decided = {resource for resource in SOURCES if interval_s(resource, POLLING, BUSY) == 1}
    assert decided == {"participants", "ended_rooms", "stays"}


def test_looking_where_nothing_hints_at_a_change_takes_half_of_the_budget_at_most() -> None:
    rich, poor = (interval_s("reconciliation", POLLING, BUSY._replace(requests_per_s=rate)) for rate in (4.0, 0.5))
    assert (RECONCILED_AT_ONCE / rich, RECONCILED_AT_ONCE / poor) == (2.0, 0.25)
