"""What is left out of a replay makes no difference to any rule, whatever somebody measured."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from alerts.group_book import Policy
from alerts.inhibition import Inhibitors
from alerts.model import Condition, Kind, NoData, Reason, Rule, Severity, Transition
from alerts.routing import Route
from alerts.rules import build_rule
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, PLACE_OF, Samples
from monitor.limits import Limits
from monitor.live import Live
from monitor.naming import Naming
from monitor.replay.judging import Judge
from monitor.replay.retelling import steps_of_samples
from monitor.replay.screening import SIGN_OF_LIFE_MS, screen_for, thinned
from monitor.replay.stepping import Stepping
from monitor.replay.telling import Telling
from monitor.store.ports import Line, Series
from tests.alert_builders import make_rule
from tests.builders import ALICE, BOB, NOW_MS, ROOM

pauses_ms = st.sampled_from([1, 999, 5_000, 10_000, 10_001, 20_000, 61_000, SIGN_OF_LIFE_MS + 1])
rtts = st.sampled_from([np.nan, 50.0, 250.0, 390.0, 400.0, 401.0, 900.0])
losses = st.sampled_from([np.nan, 0.0, 0.05, 0.2])
media = st.lists(st.tuples(pauses_ms, rtts, losses, losses), max_size=40)
levels = st.lists(st.tuples(pauses_ms, st.sampled_from([np.nan, 0, 1, 2, 3, 5])), max_size=12)
durations = st.sampled_from(["0s", "100ms", "10s", "25s", "70s"])


def rule(name: str, raise_when: str, clear_when: str, over: Kind = Kind.PARTICIPANT) -> st.SearchStrategy[Rule]:
    def built(no_data: NoData, **timers: str) -> Rule:
        about = {"raise_when": raise_when, "clear_when": clear_when, "no_data": no_data, "clear_for_max": "2m"}
        return build_rule(name, over, severity=Severity.WARNING, **about, **timers)

    timers = ("hold_for", "clear_for", "keep_firing_for", "no_data_for", "bounce_window")
    return st.builds(built, st.sampled_from(NoData), **dict.fromkeys(timers, durations))


rules = st.tuples(
    rule("LongWay", "rtt_ms > 400", "rtt_ms < 300"),
    rule("Lossy", "loss_ratio >= 0.05", "loss_ratio < 0.05"),
    rule("LossyAndLong", "loss_ratio > 0.1", "rtt_ms <= 390"),
    rule("Bad", "level <= 1", "level >= 3"),
    rule("RoomBad", "degraded_ratio >= 0.5", "degraded_ratio < 0.5", Kind.ROOM),
    rule("TenantBad", "degraded >= 1", "degraded < 1", Kind.TENANT),
)
LASTS_MS = 6 * 3_600_000


def measured(media_rows: Sequence[tuple[float, ...]], level_rows: Sequence[tuple[float, ...]]) -> Samples:
    at_ms = NOW_MS + np.cumsum([row[0] for row in media_rows], dtype=np.int64)
    table = np.full((len(media_rows), len(MEDIA_FIELDS)), np.nan)
    for place, name in enumerate(("rtt_ms", "up.loss_ratio", "down.loss_ratio"), start=1):
        table[:, PLACE_OF[name]] = [row[place] for row in media_rows]
    level_at_ms = NOW_MS + np.cumsum([row[0] for row in level_rows], dtype=np.int64)
    level_table = np.full((len(level_rows), len(LEVEL_FIELDS)), np.nan)
    level_table[:, 0] = [row[1] for row in level_rows]
    return Samples(at_ms, table, level_at_ms, level_table)


def stepped_through(rules: Sequence[Rule], everybody: Sequence[Samples]) -> list[Transition]:
    naming = Naming(tenants=["acme"])
    live = Live(naming=naming)
    judge = Judge(rules, live, Limits(), naming, Telling(Policy(Route(None), Inhibitors())))
    lines = [
        Line(Series(ROOM, who, "acme:class:1"), samples) for who, samples in zip((ALICE, BOB), everybody, strict=False)
    ]
    found = Stepping(live, judge, NOW_MS, 3_600_000).through(steps_of_samples(lines), NOW_MS + LASTS_MS)
    return [transition for each in found for transition in each.transitions]


@pytest.mark.promise("P32")
@given(rules, st.lists(st.builds(measured, media, levels), min_size=1, max_size=2))
def test_a_screened_replay_changes_the_same_alerts_as_one_of_every_sample(
    rules: Sequence[Rule], everybody: Sequence[Samples]
) -> None:
    screen = screen_for(rules)
    every = stepped_through(rules, everybody)
    event(f"{min(len(every), 5)} transitions or more")
    assert stepped_through(rules, [thinned(samples, screen) for samples in everybody]) == every


def to_and_fro(stretches: Sequence[int]) -> Samples:
    """Return what somebody measured every ten seconds whose way is long for so many of them, then short, and so on."""
    lasts = [*stretches, 0, 100][: len(stretches) // 2 * 2 + 2]  # it ends well
    is_long = np.repeat(np.arange(len(lasts)) % 2 == 0, lasts)
    return measured([(10_000, 500.0 * long + number % 250, 0.0, 0.0) for number, long in enumerate(is_long)], [])


@pytest.mark.promise("P32")
@given(
    st.builds(to_and_fro, st.lists(st.integers(1, 5), min_size=8, max_size=20)),
    durations,
    durations,
    st.sampled_from(["0s", "1h"]),
)
def test_who_goes_to_and_fro_is_seen_to_whenever_a_delay_has_grown(
    samples: Samples, clear_for: str, keep_firing_for: str, bounce_window: str
) -> None:
    about = {"clear_for": clear_for, "keep_firing_for": keep_firing_for, "bounce_window": bounce_window}
    conditions = {"raise_when": "rtt_ms > 400", "clear_when": "rtt_ms < 300"}
    restless = build_rule("LongWay", Kind.PARTICIPANT, severity=Severity.WARNING, **conditions, **about)
    every = stepped_through([restless], [samples])
    event("flaps" if any(each.reason is Reason.FLAPPING for each in every) else "does not flap")
    assert stepped_through([restless], [thinned(samples, screen_for([restless]))]) == every


@given(st.builds(measured, media, levels))
def test_who_is_well_is_looked_at_now_and_then(samples: Samples) -> None:
    samples.levels[:, 0] = np.resize([3, 4, 5], len(samples.levels))
    rules = [make_rule()]
    kept = thinned(samples, screen_for(rules))
    assert len(kept.level_at_ms) <= 8 or not len(samples.at_ms)  # at two beginnings, and when timers may run out
    for at_ms in samples.at_ms:
        assert np.abs(kept.at_ms - at_ms).min() <= SIGN_OF_LIFE_MS


@given(st.builds(measured, media, levels))
def test_what_is_not_screened_lets_everything_through(samples: Samples) -> None:
    unknown = replace(make_rule(), raise_when=Condition("mood", "<", 1))
    assert thinned(samples, screen_for([unknown])).count == samples.count
