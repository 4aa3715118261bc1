"""What would several machines want, with PostgreSQL for the log and ClickHouse for samples?

A plan: it leaves out that every replica follows the whole log (`monitor.following`).  Replicas take posts and commit
them to the log; writers, which are roles of replicas, carry them into the store; pollers, also roles of replicas, ask
one account each.
"""

from math import ceil
from typing import NamedTuple

from monitor.capacity.assumptions import Assumed
from monitor.capacity.demand import HOUR_S, Demand
from monitor.capacity.limits import Limit, Whose
from monitor.capacity.one_machine import more_sample_us
from monitor.capacity.twilio import Accounts

IN_THIS_VERSION = False
LEAST_REPLICAS = 2  # one may die


class Part(NamedTuple):
    """One part of the plan.

    Args:
        name: of the part.
        runs_on: what it is a part of.
        machines: how many of its own; 0 where it runs in another part.
        vcpu: of each of them.
        memory_gb: of each of them.
        busy_cores: at the busiest time, all of them together.
        disk_bytes: of each of them.
        objects_bytes: in object storage, altogether.
        network_in_bytes_per_s: altogether.
    """

    name: str
    runs_on: str
    machines: int = 0
    vcpu: int = 0
    memory_gb: float = 0.0
    busy_cores: float = 0.0
    disk_bytes: float = 0.0
    objects_bytes: float = 0.0
    network_in_bytes_per_s: float = 0.0


class SeveralMachines(NamedTuple):
    """The plan, part by part."""

    parts: tuple[Part, ...]
    replicas: int
    copies: int
    commits_per_s: float
    polls_per_s: float
    limits: tuple[Limit, ...]

    @property
    def vcpu(self) -> int:
        """Of all parts."""
        return sum(part.machines * part.vcpu for part in self.parts)

    @property
    def holds(self) -> bool:
        """Whether the plan reaches so far."""
        return all(limit.is_kept for limit in self.limits)


def several_machines(demand: Demand, asked: Accounts, assumed: Assumed) -> SeveralMachines:
    """Return what each part wants."""
    ingest_cores = ingest_cores_of(demand, assumed)
    writer_cores = demand.samples_per_s * assumed["writer_us"] / assumed["core_speed"] / 1e6
    replicas = demand.replicas or max(LEAST_REPLICAS, ceil((ingest_cores + writer_cores) / assumed["core_planned"]))
    copies = 1 if demand.participants <= assumed["one_copy_people"] else ceil(assumed["store_copies"])
    log_in = demand.samples_per_s * assumed["log_entry_bytes"]
    parts = (
        Part(
            "ingest",
            "replicas of Roomwatch",
            machines=replicas,
            vcpu=1,
            memory_gb=1,
            busy_cores=ingest_cores,
            network_in_bytes_per_s=demand.network_in_bytes_per_s(assumed),
        ),
        Part("writers", "the replicas", busy_cores=writer_cores, network_in_bytes_per_s=log_in),
        Part("pollers", "the replicas"),
        _log(demand, assumed, log_in),
        _samples(demand, assumed, copies, log_in),
        Part("queries", "each copy of the samples", busy_cores=query_cores_of(demand, assumed)),
        *([_keepers(assumed)] if copies > 1 else []),
    )
    limits = (
        Limit(
            "CPU of the replicas",
            Whose.PLAN,
            ingest_cores + writer_cores,
            replicas * assumed["core_planned"],
            "cores",
        ),
        Limit("log", Whose.PLAN, demand.samples_per_s, assumed["log_most_samples"], "samples/s"),
        Limit("store", Whose.PLAN, demand.samples_per_s, assumed["store_most_samples"], "samples/s"),
    )
    commits_per_s = min(demand.posts_per_s, replicas * 1000 / assumed["log_linger_ms"])
    return SeveralMachines(parts, replicas, copies, commits_per_s, asked.number * asked.wanted_per_s, limits)


def ingest_cores_of(demand: Demand, assumed: Assumed) -> float:
    """Return how busy posts keep replicas: they have no disk to sync, and no picture of everybody to look into."""
    post_us = max(assumed["post_us"], assumed["post_token_us"])
    more_us = (demand.samples_per_post - 1) * more_sample_us(assumed)
    return demand.posts_per_s * (post_us + more_us) / assumed["core_speed"] / 1e6


def query_cores_of(demand: Demand, assumed: Assumed) -> float:
    """Return how many cores answer the dearest question in time."""
    return demand.samples_per_day / assumed["rows_a_core"] / assumed["question_s"]


def _log(demand: Demand, assumed: Assumed, log_in: float) -> Part:
    servers = ceil(assumed["log_servers"])
    vcpu = max(assumed["log_least_vcpu"], demand.samples_per_s / assumed["log_vcpu_samples"])
    return Part(
        "log",
        "PostgreSQL",
        machines=servers,
        vcpu=ceil(vcpu),
        memory_gb=ceil(vcpu) * assumed["vcpu_memory_gb"],
        disk_bytes=log_in * assumed["log_kept_h"] * HOUR_S,
        network_in_bytes_per_s=log_in * servers,
    )


def _samples(demand: Demand, assumed: Assumed, copies: int, log_in: float) -> Part:
    busy = demand.samples_per_s * (assumed["insert_us"] + assumed["merging_us"]) / 1e6
    vcpu = max(assumed["store_least_vcpu"], busy / assumed["core_planned"] + query_cores_of(demand, assumed))
    kept = (  # bytes a day, for days
        (demand.samples_per_day * assumed["store_sample_bytes"], demand.kept_days),
        (demand.things_per_day(assumed) * assumed["store_thing_bytes"], assumed["events_days"]),
    )
    hot_days = assumed["hot_days"]
    rollups = demand.samples_per_day * assumed["store_rollup_bytes"] * assumed["rollups_days"]
    return Part(
        "samples",
        "ClickHouse",
        machines=copies,
        vcpu=ceil(vcpu),
        memory_gb=ceil(vcpu) * assumed["vcpu_memory_gb"],
        busy_cores=busy * copies,
        disk_bytes=sum(bytes_a_day * min(days, hot_days) for bytes_a_day, days in kept) + rollups,
        objects_bytes=sum(bytes_a_day * max(0.0, days - hot_days) for bytes_a_day, days in kept) * copies,
        network_in_bytes_per_s=log_in * copies,
    )


def _keepers(assumed: Assumed) -> Part:
    vcpu = ceil(assumed["keeper_vcpu"])
    return Part(
        "keepers",
        "ClickHouse Keeper",
        machines=ceil(assumed["keepers"]),
        vcpu=vcpu,
        memory_gb=vcpu * assumed["vcpu_memory_gb"],
    )
