"""What so many people want, worked out by hand beside the model, and which assumption decides on what."""

from collections.abc import Mapping
from math import isclose
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.capacity.advice import Advice, advise
from monitor.capacity.assumptions import ASSUMPTIONS, Assumed, Source, Wrong
from monitor.capacity.demand import MOST_PARTICIPANTS, Demand
from monitor.capacity.limits import most_participants
from monitor.capacity.population import crowd_us, memory_bytes
from monitor.capacity.several_machines import SeveralMachines
from monitor.capacity.wording import about, as_json, as_object, as_text
from monitor.doctor.judgement import READS_PER_S
from monitor.settings import Account, Polling, Public, Storage
from tests.benchmarks.records import read

OURS = Assumed()


def advised(participants: int, given: Mapping[str, float] | None = None, **options: Any) -> Advice:
    return advise(Demand(participants, **options), Assumed(given))


def part(plan: SeveralMachines, name: str):
    return next(each for each in plan.parts if each.name == name)


# --- by hand --------------------------------------------------------------------------------------------------------


def test_ten_thousand_people_are_a_quarter_of_a_core() -> None:
    cpu = advised(10_000).one_machine.cpu
    post_us = 133 + (191 - 133) + (157 - 133) + (174 - 157)
    assert (post_us, 18.5 + 9) == (232, cpu.pack_us)
    assert cpu.core_ratio == pytest.approx(1_000 * (232 + 27.5) / 1e6)


def test_three_samples_in_a_post_every_half_a_minute_are_less_than_half_of_the_cpu() -> None:
    single, three = (advised(10_000, samples_per_post=number).one_machine.cpu for number in (1, 3))
    assert three.more_samples_us == pytest.approx(2 * (517 - 133) / 49)
    assert three.core_ratio == pytest.approx((232 + 2 * (517 - 133) / 49) / 30 / 100 + 27.5 / 1000)
    assert three.core_ratio < single.core_ratio / 2


def test_a_thousand_people_for_eight_hours_a_day_fill_so_much_disk() -> None:
    disk = advised(1_000, mean_to_peak_ratio=8 / 24).one_machine.disk
    assert disk.log_bytes == pytest.approx(100 * 600 * (540 + 310))
    assert disk.samples_bytes == pytest.approx(8_000 * 360 * 11.4 * 30)
    assert disk.rollups_bytes == pytest.approx(8_000 * 1404 * 400)
    assert disk.events_bytes == pytest.approx(8_000 * (20 + 60) * 300 * 180)


def test_a_machine_is_ordered_with_room_for_a_migration_and_a_backup() -> None:
    here = advised(1_000).one_machine
    assert here.ordered_disk_bytes == pytest.approx(3 * here.disk.file_bytes + 33_554_432)
    assert (here.ordered_cores, here.ordered_memory_gb, here.open_files) == (2, 1, 1_200)


def test_a_post_comes_with_its_headers_and_each_sample_once() -> None:
    assert advised(1_000).one_machine.network_in_bytes_per_s == pytest.approx(100 * (1200 + 420 + 280))
    three = advised(1_000, samples_per_post=3).one_machine
    assert three.network_in_bytes_per_s == pytest.approx(100 / 3 * (1200 + 420) + 100 * 280)


def test_an_account_is_asked_for_lists_and_for_looks_into_rooms() -> None:
    asked = advised(1_500).accounts
    assert (asked.number, asked.rooms) == (1, 500)
    assert asked.wanted_per_s == pytest.approx(0.1 + 0.1 + 500 / 900)
    assert asked.budget_per_s == pytest.approx(2 * 500 / 900)  # of which a half is for looks
    many = advised(3_000).accounts
    assert many.looked_every_s == pytest.approx(1_000 / 1.0)  # a half of two a second


def test_a_million_people_want_so_much_of_the_plan() -> None:
    plan = advised(1_000_000, kept_days=90).several_machines
    ingest, log, samples = (part(plan, name) for name in ("ingest", "log", "samples"))
    assert ingest.busy_cores == pytest.approx(100_000 * 191 / 1e6)
    assert (ingest.machines, plan.replicas) == (39, 39)  # 19.28 cores, each busy by half
    assert part(plan, "writers").busy_cores == pytest.approx(0.18)
    assert (log.machines, log.vcpu, log.disk_bytes) == (3, 8, pytest.approx(100_000 * 84 * 7200))
    assert part(plan, "queries").busy_cores == pytest.approx(3.456e9 / 5.4e6 / 20)
    assert (samples.machines, samples.vcpu) == (2, 38)  # of it six for three cores of inserts and merges
    rollups = 3.456e9 * 1.3 * 400
    things = 9.6e6 * 80 * 40
    assert samples.disk_bytes == pytest.approx(3.456e9 * 25 * 14 + things * 14 + rollups)
    assert samples.objects_bytes == pytest.approx(2 * (3.456e9 * 25 * 76 + things * 166))
    assert plan.commits_per_s == pytest.approx(39 / 0.2)
    assert advised(1_000_000).accounts.number == 100


def test_few_people_want_one_copy_and_no_keepers() -> None:
    few, many = (advised(participants).several_machines for participants in (50_000, 50_001))
    assert (few.copies, many.copies) == (1, 2)
    assert "keepers" not in {each.name for each in few.parts}
    assert part(many, "keepers").machines == 3


def test_what_was_measured_is_what_the_model_says_there_and_goes_on_as_steeply_past_it() -> None:
    assert [memory_bytes(people, OURS) / 1e6 for people in (0, 1_000, 10_000, 100_000)] == [108, 133, 171, 445]
    assert [crowd_us(people, OURS) for people in (1, 1_000, 10_000, 100_000)] == [0, 0, 17, 68]
    assert crowd_us(1_000_000, OURS) == pytest.approx(68 + 51)
    assert memory_bytes(190_000, OURS) / 1e6 == pytest.approx(445 + (445 - 171))


# --- which is advised, and what is met first ------------------------------------------------------------------------


def test_one_machine_is_advised_up_to_the_last_person_whom_it_holds() -> None:
    most = advised(1).one_machine.most_participants
    assert advised(most).is_one_machine_enough
    assert not advised(most + 1).is_one_machine_enough


def test_with_many_posts_the_cpu_is_met_first() -> None:
    advice = advised(5_000, interval_s=1)
    assert (advice.first.name, advice.is_one_machine_enough) == ("CPU", False)
    assert advice.first_met_at == advice.one_machine.most_participants < 5_000


def test_at_the_pace_of_browsers_twilios_limit_is_met_before_that_of_the_machine() -> None:
    advice = advised(9_000)
    assert (advice.first.name, advice.first_met_at) == ("people of an account", 10_000)


def test_where_hardly_anybody_posts_what_was_measured_is_the_limit() -> None:
    advice = advised(200_000, interval_s=3_600)
    assert advice.first.name == "people measured"
    assert advice.one_machine.most_participants == 100_000


def test_past_one_machine_accounts_are_split_among_daemons() -> None:
    assert advised(100_000).split == (10, 1)
    assert advised(100_000, interval_s=30).split == (2, 5)


def test_an_account_that_is_too_much_for_a_machine_is_not_split() -> None:
    assert advised(9_000, interval_s=1).split is None
    assert "no account can be split" in text(9_000, interval_s=1)


def test_too_few_accounts_are_refused_by_twilio_and_too_few_replicas_are_too_busy() -> None:
    said = text(1_000_000, accounts=50, replicas=20)
    assert "Twilio refuses: people of an account, 20,000 of 10,000 people (200 %)" in said
    assert "past the plan as well: CPU of the replicas, 19.3 of 10 cores (193 %)" in said


def test_more_people_than_the_plan_reaches_to_are_told() -> None:
    plan = advised(3_000_001).several_machines
    assert {limit.name for limit in plan.limits if not limit.is_kept} == {"log", "store"}
    assert advised(3_000_000).several_machines.holds


def test_what_can_be_set_does_not_want_another_machine() -> None:
    said = text(30_000, interval_s=60, kept_days=3_650)
    assert "Advised: one machine." in said
    assert "public.max_connections above 30,000; it is 20,000" in said
    assert "keep less" in said


@pytest.mark.parametrize("participants", [1, 1_000, 1_000_000])
def test_several_machines_are_said_to_be_a_plan(participants: int) -> None:
    assert "PostgreSQL and ClickHouse (a plan: nothing of it was measured)" in text(participants)
    assert (
        as_object(Demand(participants), advised(participants), OURS)["several_machines"]["is_in_this_version"] is False
    )


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (1, 1), (18_321, 18_321), (10**12, MOST_PARTICIPANTS)])
def test_the_most_people_who_keep_a_limit_are_found(limit: int, expected: int) -> None:
    assert most_participants(lambda participants: participants <= limit) == expected


# --- more people want more ------------------------------------------------------------------------------------------


def numbers(found: Any, path: str = "") -> dict[str, float]:
    """Return every number in an object, by its path."""
    if isinstance(found, dict):
        return {at: value for key, each in found.items() for at, value in numbers(each, f"{path}.{key}").items()}
    if isinstance(found, list | tuple):
        named = {
            each.get("name", str(place)) if isinstance(each, dict) else str(place): each
            for place, each in enumerate(found)
        }
        return numbers(named, path)
    return {path: float(found)} if isinstance(found, int | float) and not isinstance(found, bool) else {}


def wanted(participants: int, given: Mapping[str, float] | None = None, **options: Any) -> dict[str, float]:
    """Return every number that comes out, but what was put in."""
    demand, assumed = Demand(participants, **options), Assumed(given)
    found = as_object(demand, advise(demand, assumed), assumed)
    del found["assumptions"]
    return numbers(found)


@given(
    st.integers(1, 10_000_000),
    st.integers(1, 10_000_000),
    st.sampled_from([1.0, 10.0, 60.0]),
    st.sampled_from([None, 1_000]),
)
def test_more_people_never_want_less(one: int, other: int, interval_s: float, replicas: int | None) -> None:
    options = {"interval_s": interval_s, "accounts": 100, "replicas": replicas}
    fewer, more = (wanted(each, **options) for each in sorted((one, other)))
    for path in fewer.keys() & more.keys():
        # Which limit is first may change; and one more replica makes all of them a little less busy.
        if not path.startswith(".advice") and (replicas or not path.endswith("CPU of the replicas.used_ratio")):
            assert fewer[path] <= more[path] or isclose(fewer[path], more[path]), path


# --- which assumption decides on what -------------------------------------------------------------------------------

CPU, MOST = ".one_machine.cpu", ".one_machine.most_participants"
DISK, ORDER = ".one_machine.disk", ".one_machine.ordered"
LIMITS, PLAN, TWILIO = ".one_machine.limits", ".several_machines", ".twilio"
CPU_LIMIT, SIZE_LIMIT, NETWORK_LIMIT = f"{LIMITS}.CPU", f"{LIMITS}.size of the database", f"{LIMITS}.network in"
INGEST = (
    f"{PLAN}.parts.ingest",
    f"{PLAN}.limits.CPU of the replicas",
    f"{PLAN}.replicas",
    f"{PLAN}.commits",
    f"{PLAN}.vcpu",
)
SAMPLES, LOG = f"{PLAN}.parts.samples", f"{PLAN}.parts.log"
ONE_CPU = (CPU, CPU_LIMIT, MOST)
FILE = (DISK, SIZE_LIMIT, ORDER)
NETWORK = (".one_machine.network_in", NETWORK_LIMIT, f"{PLAN}.parts.ingest.network")
POLLS = (TWILIO, f"{PLAN}.polls")
DECIDES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("post_us", "post_token_us", "post_50_us", "core_speed"), (*ONE_CPU, *INGEST, f"{PLAN}.parts.writers")
    ),
    **dict.fromkeys(("post_synced_us", "post_1k_us", "post_10k_us", "post_100k_us", "pack_us", "merge_us"), ONE_CPU),
    **dict.fromkeys(
        ("memory_0_mb", "memory_1k_mb", "memory_10k_mb", "memory_100k_mb", "beside_mb"), (".one_machine.memory", ORDER)
    ),
    "measured_people": (f"{LIMITS}.people measured", MOST),
    "core_planned": (CPU_LIMIT, MOST, *INGEST, SAMPLES),
    **dict.fromkeys(
        ("log_post_bytes", "log_sample_bytes", "sample_bytes", "rollup_hour_bytes", "thing_bytes", "settle_after_s"),
        FILE,
    ),
    **dict.fromkeys(("things_an_hour", "speakers_an_hour", "rollups_days", "events_days"), (*FILE, SAMPLES)),
    "disk_copies": (ORDER,),
    "reserve_bytes": (f"{DISK}.reserve", ORDER),
    "file_planned_tb": (SIZE_LIMIT,),
    "max_connections": (f"{LIMITS}.public.max_connections",),
    **dict.fromkeys(("headers_bytes", "body_post_bytes", "body_sample_bytes"), NETWORK),
    **dict.fromkeys(("network_mbit_s", "network_planned"), (NETWORK_LIMIT, MOST)),
    "account_participants": (TWILIO, f"{PLAN}.polls", ".demand.accounts"),
    "account_reads_per_s": (f"{TWILIO}.limits.reads of an account",),
    "requests_per_s": (f"{TWILIO}.limits.accounts.requests_per_s", f"{TWILIO}.looked"),
    **dict.fromkeys(("rooms_every_s", "compositions_every_s", "look_every_s", "people_per_room"), POLLS),
    "log_linger_ms": (f"{PLAN}.commits",),
    "log_servers": (LOG, f"{PLAN}.vcpu"),
    "log_entry_bytes": (LOG, f"{SAMPLES}.network", f"{PLAN}.parts.writers.network"),
    "log_kept_h": (f"{LOG}.disk",),
    **dict.fromkeys(("log_vcpu_samples", "log_least_vcpu"), (LOG, f"{PLAN}.vcpu")),
    "log_most_samples": (f"{PLAN}.limits.log",),
    "writer_us": (*INGEST, f"{PLAN}.parts.writers.busy"),
    **dict.fromkeys(("insert_us", "merging_us"), (SAMPLES, f"{PLAN}.vcpu")),
    "store_most_samples": (f"{PLAN}.limits.store",),
    **dict.fromkeys(
        ("store_sample_bytes", "store_rollup_bytes", "store_thing_bytes", "hot_days"),
        (f"{SAMPLES}.disk", f"{SAMPLES}.objects"),
    ),
    **dict.fromkeys(
        ("store_copies", "one_copy_people"), (SAMPLES, f"{PLAN}.copies", f"{PLAN}.vcpu", f"{PLAN}.parts.keepers")
    ),
    **dict.fromkeys(("rows_a_core", "question_s"), (SAMPLES, f"{PLAN}.parts.queries", f"{PLAN}.vcpu")),
    "store_least_vcpu": (SAMPLES, f"{PLAN}.vcpu"),
    **dict.fromkeys(("keepers", "keeper_vcpu"), (f"{PLAN}.parts.keepers", f"{PLAN}.vcpu")),
    "vcpu_memory_gb": (f"{LOG}.memory", f"{SAMPLES}.memory", f"{PLAN}.parts.keepers.memory"),
}
ASKED = (
    Demand(500, samples_per_post=3),
    Demand(60_000, samples_per_post=3, interval_s=60),
    Demand(5_000_000, samples_per_post=3, kept_days=90),
)


def test_every_assumption_is_held_to_what_it_decides_on() -> None:
    assert DECIDES.keys() == {each.name for each in ASSUMPTIONS}


@pytest.mark.parametrize("name", DECIDES)
def test_an_assumption_decides_on_something_and_on_nothing_else(name: str) -> None:
    changed = set()
    for demand in ASKED:
        options = {key: value for key, value in demand._asdict().items() if key != "participants"}
        before = wanted(demand.participants, **options)
        for factor in (0.5, 1.5):
            value = (
                min(OURS[name] * factor, 1.0)
                if "planned" in name and name != "file_planned_tb"
                else OURS[name] * factor
            )
            after = wanted(demand.participants, {name: value}, **options)
            changed |= {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    changed = {
        path for path in changed if not path.startswith((".advice", ".demand.replicas"))
    }  # which follow from the rest
    assert changed
    assert {path for path in changed if not path.startswith(DECIDES[name])} == set()


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda assumption: assumption.name)
def test_an_assumption_at_either_end_of_what_it_may_be_still_makes_an_answer(assumption) -> None:
    for value in (assumption.least, assumption.most):
        for participants in (1, MOST_PARTICIPANTS):
            assumed = Assumed({assumption.name: value})
            demand = Demand(participants)
            assert list(as_text(demand, advise(demand, assumed), assumed))


def test_no_two_assumptions_have_one_name_and_each_says_where_it_comes_from() -> None:
    assert len({each.name for each in ASSUMPTIONS}) == len(ASSUMPTIONS)
    assert all(each.unit and each.basis and each.source is not Source.GIVEN for each in ASSUMPTIONS)
    assert all(each.least <= each.value <= each.most for each in ASSUMPTIONS)


def test_what_is_given_is_said_to_be_given_and_in_place_of_what() -> None:
    (given_one,) = (each for each in Assumed({"post_us": 100}).all() if each.source is Source.GIVEN)
    assert (given_one.name, given_one.value, given_one.basis) == ("post_us", 100, "in place of 133")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("colour", 3, "expected one of post_us, .*; got 'colour'"),
        ("post_us", -1, r"post_us: expected a number from 0 \(µs of CPU\), got -1"),
        ("core_planned", 2, r"core_planned: expected a number from 0.01 to 1 \(of a core\), got 2"),
        ("post_us", float("nan"), "post_us: expected a number from 0 .*, got nan"),
        ("post_us", float("inf"), "got inf"),
    ],
)
def test_an_assumption_that_cannot_be_is_refused_with_what_was_expected(name: str, value: float, expected: str) -> None:
    with pytest.raises(Wrong, match=expected):
        Assumed({name: value})


# --- what others say of the same ------------------------------------------------------------------------------------


def test_what_is_a_default_of_the_configuration_is_that_default() -> None:
    storage, polling = Storage(), Polling()
    assert {
        "settle_after_s": storage.settle_after_s,
        "rollups_days": storage.rollups_days,
        "events_days": storage.history_days,
        "reserve_bytes": storage.reserve_bytes,
        "max_connections": Public().max_connections,
        "requests_per_s": Account.model_fields["requests_per_s"].default,
        "rooms_every_s": polling.rooms_every_s,
        "compositions_every_s": polling.compositions_every_s,
        "look_every_s": 900,
    } == {each.name: each.value for each in ASSUMPTIONS if each.source is Source.DEFAULT}
    assert Demand(1).kept_days == storage.raw_days


def test_what_twilio_allows_is_what_doctor_goes_by() -> None:
    assert OURS["account_reads_per_s"] == READS_PER_S


def test_a_committed_run_of_the_benchmark_saw_what_is_called_measured() -> None:
    runs = [{figure.name: figure.values for figure in run.figures} for run in read() if run.bench == "ingest"]
    fifty_us = [sorted(50 * 1e6 / value for value in run["50 events"]) for run in runs]
    synced_us = [sorted(1e6 / value for value in run["1 event, survives a power cut"]) for run in runs]
    assert any(seen[0] <= OURS["post_50_us"] <= seen[-1] for seen in fifty_us)
    assert any(seen[0] <= OURS["post_synced_us"] <= seen[-1] for seen in synced_us)


# --- how it is told -------------------------------------------------------------------------------------------------


def text(participants: int, **options: Any) -> str:
    demand = Demand(participants, **options)
    return "\n".join(as_text(demand, advise(demand, OURS), OURS))


def test_every_assumption_is_printed_with_its_unit_and_where_it_comes_from() -> None:
    lines = text(1_000).splitlines()
    for each in ASSUMPTIONS:
        (line,) = (line for line in lines if line.startswith(f"  {each.name} "))
        assert f" {each.unit} " in line
        assert f"{each.source.value}: {each.basis}" in line


def test_json_says_what_the_text_says() -> None:
    demand = Demand(1_000)
    assert '"machines": "one"' in as_json(demand, advise(demand, OURS), OURS)


@pytest.mark.parametrize(("number", "said"), [(0, "0"), (7, "7"), (999, "999"), (18_321, "18,300"), (99_999, "99,900")])
def test_so_many_at_most_are_rounded_down(number: int, said: str) -> None:
    assert about(number) == said
