"""What does the model take for granted, and on whose word?

Every number that is not said by whoever asks is an `Assumption`: with a name, a unit, and where it comes from.  Each
can be replaced, so that what was measured on another machine, or what somebody knows better, counts in its place.

What was measured is in docs/capacity.md, with the machine that it was measured on.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from math import isfinite
from typing import NamedTuple

MOST = 1e15  # of anything: what is worked out of it can still be written


class Source(StrEnum):
    """On whose word an assumption rests."""

    MEASURED = "measured"  # by a benchmark of this repository
    TWILIO = "Twilio"  # says so
    DEFAULT = "default"  # of the configuration, or how this version goes about it
    ESTIMATE = "estimate"
    GIVEN = "given"  # by whoever asks


class Assumption(NamedTuple):
    """A number that is taken for granted; `least` and `most` are what may be put in its place."""

    name: str
    value: float
    unit: str
    source: Source
    basis: str  # which benchmark, which key, or what it means
    least: float = 0.0
    most: float = MOST


class Wrong(ValueError):
    """An assumption that is none, or a value that it cannot have: says what was expected, and what came."""


def _measured(benchmark: str, *rows: tuple[str, float, str, str]) -> Iterator[Assumption]:
    for name, value, unit, what in rows:
        yield Assumption(name, value, unit, Source.MEASURED, f"{benchmark}: {what}")


_CPU = "µs of CPU"
_POSITIVE = 1e-9  # nothing is divided by zero

_ONE_MACHINE = (
    *_measured(
        "ingest",
        ("post_us", 133, _CPU, "a post of one sample, by an ingest key, that survives a kill -9"),
        ("post_synced_us", 157, _CPU, "the same, surviving a power cut"),
        ("post_token_us", 191, _CPU, "the same as post_us, by an access token"),
        ("post_50_us", 517, _CPU, "the same as post_us, with fifty samples"),
    ),
    *_measured(
        "population",
        ("post_1k_us", 157, _CPU, "a post while a thousand people are live"),
        ("post_10k_us", 174, _CPU, "while ten thousand are"),
        ("post_100k_us", 225, _CPU, "while a hundred thousand are"),
        ("memory_0_mb", 108, "MB", "a daemon, nobody there"),
        ("memory_1k_mb", 133, "MB", "with a thousand people"),
        ("memory_10k_mb", 171, "MB", "with ten thousand"),
        ("memory_100k_mb", 445, "MB", "with a hundred thousand"),
    ),
    *_measured(
        "history",
        ("pack_us", 18.5, f"{_CPU} a sample", "packing it"),
        ("merge_us", 9, f"{_CPU} a sample", "putting its chunk together with others later"),
        ("sample_bytes", 11.4, "bytes a sample", "on disk, packed and put together"),
        ("rollup_hour_bytes", 1404, "bytes an hour of a person", "3.9 bytes a sample, at one every ten seconds"),
    ),
    *_measured(
        "store",
        ("log_post_bytes", 540, "bytes a post", "in the log, as it came"),
        ("log_sample_bytes", 310, "bytes a sample", "in the log, as it came, until it is packed"),
        ("thing_bytes", 300, "bytes a row", "of what happened, indexes included; 260 to 460"),
    ),
    Assumption(
        "measured_people", 100_000, "people", Source.MEASURED, "population: the most that one daemon has had live", 1
    ),
    Assumption("core_speed", 1, "times", Source.ESTIMATE, "your core beside the one that was measured", 0.01),
    Assumption("core_planned", 0.5, "of a core", Source.ESTIMATE, "peaks and questions want the rest", 0.01, 1),
    Assumption("things_an_hour", 20, "rows an hour of a person", Source.ESTIMATE, "joins, tracks, callbacks"),
    Assumption(
        "speakers_an_hour",
        60,
        "rows an hour of a person",
        Source.ESTIMATE,
        "changes of the dominant speaker that each hears of; 0 without dominantSpeaker",
    ),
    Assumption("disk_copies", 3, "times", Source.ESTIMATE, "the file, a migration's copy, a backup", 1),
    Assumption("file_planned_tb", 1, "TB", Source.ESTIMATE, "a backup, a restore and a check read all of it", 0.001),
    Assumption("beside_mb", 500, "MB", Source.ESTIMATE, "a replay or a backup beside the daemon"),
    Assumption("settle_after_s", 600, "s", Source.DEFAULT, "storage.settle_after_s"),
    Assumption("rollups_days", 400, "days", Source.DEFAULT, "storage.rollups_days"),
    Assumption("events_days", 180, "days", Source.DEFAULT, "storage.events_days, which is history_days"),
    Assumption("reserve_bytes", 33_554_432, "bytes", Source.DEFAULT, "storage.reserve_bytes"),
    Assumption("max_connections", 20_000, "connections", Source.DEFAULT, "public.max_connections", 1),
)

_WIRE = (
    Assumption("headers_bytes", 1200, "bytes a post", Source.ESTIMATE, "headers of a browser, with an access token"),
    Assumption("body_post_bytes", 420, "bytes a post", Source.MEASURED, "store: JSON, who tells of which room"),
    Assumption("body_sample_bytes", 280, "bytes a sample", Source.MEASURED, "store: JSON, not compressed"),
    Assumption("network_mbit_s", 1000, "Mbit/s", Source.ESTIMATE, "into one machine", 0.001),
    Assumption("network_planned", 0.5, "of the network", Source.ESTIMATE, "the rest is for peaks and backups", 0.01, 1),
)

_TWILIO = (
    Assumption(
        "account_participants", 10_000, "people", Source.TWILIO, "at once in an account, if nothing else is agreed", 1
    ),
    Assumption("account_reads_per_s", 80, "requests/s", Source.TWILIO, "of an account, all its keys together", 0.1),
    Assumption("requests_per_s", 2, "requests/s", Source.DEFAULT, "accounts.requests_per_s, of those 80", 0.01),
    Assumption("rooms_every_s", 10, "s", Source.DEFAULT, "polling.rooms_every_s; a request a thousand rooms", 0.1),
    Assumption("compositions_every_s", 10, "s", Source.DEFAULT, "polling.compositions_every_s, one waited for", 0.1),
    Assumption(
        "look_every_s",
        900,
        "s",
        Source.DEFAULT,
        "each live room, while callbacks can be trusted; else 30: polling.participants_every_s",
        0.1,
    ),
    Assumption("people_per_room", 3, "people", Source.ESTIMATE, "on average", 1),
)

_SEVERAL_MACHINES = (
    Assumption("log_linger_ms", 200, "ms", Source.ESTIMATE, "a replica waits before it commits what came", 1),
    Assumption("log_servers", 3, "servers", Source.ESTIMATE, "a primary, two standbys", 1),
    Assumption("log_entry_bytes", 84, "bytes a sample", Source.ESTIMATE, "compressed JSON and what a row costs"),
    Assumption("log_kept_h", 2, "hours", Source.ESTIMATE, "to fill a lost store again"),
    Assumption(
        "log_vcpu_samples", 12_500, "samples/s", Source.ESTIMATE, "for each vCPU of a server of the log", _POSITIVE
    ),
    Assumption("log_most_samples", 300_000, "samples/s", Source.ESTIMATE, "one primary takes", _POSITIVE),
    Assumption("writer_us", 1.8, f"{_CPU} a sample", Source.ESTIMATE, "from the log into the store, as it came"),
    Assumption("insert_us", 10, f"{_CPU} a sample", Source.ESTIMATE, "of each copy of the store"),
    Assumption("merging_us", 20, f"{_CPU} a sample", Source.ESTIMATE, "of each copy of the store, later"),
    Assumption("store_most_samples", 300_000, "samples/s", Source.ESTIMATE, "one shard takes", _POSITIVE),
    Assumption("store_sample_bytes", 25, "bytes a sample", Source.ESTIMATE, "in each copy, columns compressed"),
    Assumption("store_rollup_bytes", 1.3, "bytes a sample", Source.ESTIMATE, "in each copy, for rollups_days"),
    Assumption("store_thing_bytes", 40, "bytes a row", Source.ESTIMATE, "of what happened, in each copy"),
    Assumption("store_copies", 2, "copies", Source.ESTIMATE, "replicas of the store", 1),
    Assumption("one_copy_people", 50_000, "people", Source.ESTIMATE, "up to so many, one copy: the log fills it again"),
    Assumption("hot_days", 14, "days", Source.ESTIMATE, "on disks; what is older is in object storage"),
    Assumption("rows_a_core", 5_400_000, "rows/s", Source.ESTIMATE, "that a core of the store reads", _POSITIVE),
    Assumption(
        "question_s", 20, "s", Source.ESTIMATE, "the dearest question, each room's percentile of a day, may take", 0.1
    ),
    Assumption("store_least_vcpu", 4, "vCPU", Source.ESTIMATE, "of a copy of the store", 1),
    Assumption("log_least_vcpu", 2, "vCPU", Source.ESTIMATE, "of a server of the log", 1),
    Assumption("keepers", 3, "servers", Source.ESTIMATE, "that copies of the store agree by", 1),
    Assumption("keeper_vcpu", 2, "vCPU", Source.ESTIMATE, "of each", 1),
    Assumption("vcpu_memory_gb", 4, "GB", Source.ESTIMATE, "for each vCPU of log, store and keepers"),
)

ASSUMPTIONS: tuple[Assumption, ...] = (*_ONE_MACHINE, *_WIRE, *_TWILIO, *_SEVERAL_MACHINES)


class Assumed(Mapping[str, float]):
    """The value of each assumption; `given` ones stand in the place of ours.

    Raises:
        Wrong: there is no such assumption, or it cannot have that value.
    """

    def __init__(self, given: Mapping[str, float] | None = None) -> None:
        known = {each.name: each for each in ASSUMPTIONS}
        for name, value in (given or {}).items():
            if name not in known:
                raise Wrong(f"expected one of {', '.join(known)}; got {name[:60]!r}")
            known[name] = _given(known[name], value)
        self._known = known

    def __getitem__(self, name: str) -> float:
        return self._known[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def all(self) -> tuple[Assumption, ...]:
        """Return the assumptions, in their order."""
        return tuple(self._known.values())


def _given(assumption: Assumption, value: float) -> Assumption:
    least, most = assumption.least, assumption.most
    if not isfinite(value) or not least <= value <= most:
        upto = "" if most == MOST else f" to {most:g}"
        raise Wrong(f"{assumption.name}: expected a number from {least:g}{upto} ({assumption.unit}), got {value:g}")
    return assumption._replace(value=value, source=Source.GIVEN, basis=f"in place of {assumption.value:g}")
