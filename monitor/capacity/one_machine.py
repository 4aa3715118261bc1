"""Does one machine with SQLite hold it, and what does it want?"""

from math import ceil
from typing import NamedTuple

from monitor.capacity.assumptions import Assumed
from monitor.capacity.demand import Demand
from monitor.capacity.limits import Limit, Whose, most_participants
from monitor.capacity.population import crowd_us, memory_bytes

CORES = 2  # one for the event loop, one for packing, pages and backups
FILES_BESIDE = 200  # open beside one for each connection
DATABASE = "size of the database"
_FIFTY = 50


class Cpu(NamedTuple):
    """What a post and a sample cost in microseconds of CPU, and all of them as a share of one core."""

    post_us: float
    token_us: float
    sync_us: float
    crowd_us: float
    more_samples_us: float
    pack_us: float
    core_ratio: float


class Disk(NamedTuple):
    """What is on disk, in bytes: as it came for minutes, and settled for days."""

    log_bytes: float
    samples_bytes: float
    rollups_bytes: float
    events_bytes: float  # what happened: joins, tracks, speakers, callbacks
    reserve_bytes: float
    bytes_per_day: float  # that a day adds to the last three

    @property
    def file_bytes(self) -> float:
        """The database."""
        return self.log_bytes + self.samples_bytes + self.rollups_bytes + self.events_bytes


class OneMachine(NamedTuple):
    """What one machine wants, and which of its limits is how near."""

    cpu: Cpu
    memory_bytes: float
    disk: Disk
    network_in_bytes_per_s: float
    open_files: int
    limits: tuple[Limit, ...]
    most_participants: int
    ordered_cores: int
    ordered_memory_gb: int
    ordered_disk_bytes: float

    @property
    def holds(self) -> bool:
        """Whether one machine is enough, if what can be set is."""
        return all(limit.is_kept for limit in self.limits if limit.whose is Whose.MACHINE)


def one_machine(demand: Demand, assumed: Assumed) -> OneMachine:
    """Return what it wants."""
    disk = disk_of(demand, assumed)
    memory = memory_bytes(demand.participants, assumed)

    def is_kept(participants: int) -> bool:
        fewer = demand._replace(participants=participants)
        return all(limit.is_kept for limit in limits_of(fewer, assumed) if limit.whose is Whose.MACHINE)

    return OneMachine(
        cpu=cpu_of(demand, assumed),
        memory_bytes=memory,
        disk=disk,
        network_in_bytes_per_s=demand.network_in_bytes_per_s(assumed),
        open_files=demand.participants + FILES_BESIDE,
        limits=limits_of(demand, assumed),
        most_participants=most_participants(is_kept),
        ordered_cores=CORES,
        ordered_memory_gb=ceil((memory + assumed["beside_mb"] * 1e6) / 1e9),
        ordered_disk_bytes=disk.file_bytes * assumed["disk_copies"] + disk.reserve_bytes,
    )


def limits_of(demand: Demand, assumed: Assumed) -> tuple[Limit, ...]:
    """Return the limits of one machine."""
    network = assumed["network_mbit_s"] * 1e6 / 8 * assumed["network_planned"]
    return (
        Limit("CPU", Whose.MACHINE, cpu_of(demand, assumed).core_ratio, assumed["core_planned"], "cores"),
        Limit("people measured", Whose.MACHINE, demand.participants, assumed["measured_people"], "people"),
        Limit(
            DATABASE,
            Whose.SETTING,
            disk_of(demand, assumed).file_bytes,
            assumed["file_planned_tb"] * 1e12,
            "bytes",
        ),
        Limit("network in", Whose.MACHINE, demand.network_in_bytes_per_s(assumed), network, "bytes/s"),
        Limit("public.max_connections", Whose.SETTING, demand.participants, assumed["max_connections"], "connections"),
    )


def cpu_of(demand: Demand, assumed: Assumed) -> Cpu:
    """Return what it costs of the one core that the daemon's event loop has, packing included."""
    speed, one_us = assumed["core_speed"], assumed["post_us"]
    post_us = one_us / speed
    token_us = max(0.0, assumed["post_token_us"] - one_us) / speed
    sync_us = max(0.0, assumed["post_synced_us"] - one_us) / speed
    others_us = crowd_us(demand.participants, assumed) / speed
    more_us = (demand.samples_per_post - 1) * more_sample_us(assumed) / speed
    pack_us = (assumed["pack_us"] + assumed["merge_us"]) / speed
    posts_us = demand.posts_per_s * (post_us + token_us + sync_us + others_us + more_us)
    core_ratio = (posts_us + demand.samples_per_s * pack_us) / 1e6
    return Cpu(post_us, token_us, sync_us, others_us, more_us, pack_us, core_ratio)


def more_sample_us(assumed: Assumed) -> float:
    """Return what each further sample in a post costs."""
    return max(0.0, assumed["post_50_us"] - assumed["post_us"]) / (_FIFTY - 1)


def disk_of(demand: Demand, assumed: Assumed) -> Disk:
    """Return what is on disk once everything is as old as it becomes."""
    samples_a_day = demand.samples_per_day * assumed["sample_bytes"]
    rollups_a_day = demand.person_hours_per_day * assumed["rollup_hour_bytes"]
    events_a_day = demand.things_per_day(assumed) * assumed["thing_bytes"]
    log_bytes_per_s = (
        demand.posts_per_s * assumed["log_post_bytes"] + demand.samples_per_s * assumed["log_sample_bytes"]
    )
    return Disk(
        log_bytes=log_bytes_per_s * assumed["settle_after_s"],
        samples_bytes=samples_a_day * demand.kept_days,
        rollups_bytes=rollups_a_day * assumed["rollups_days"],
        events_bytes=events_a_day * assumed["events_days"],
        reserve_bytes=assumed["reserve_bytes"],
        bytes_per_day=samples_a_day + rollups_a_day + events_a_day,
    )
