"""How is it told?  For people, as text; for scripts, as JSON that says the same."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from monitor.capacity.advice import Advice
from monitor.capacity.assumptions import Assumed, Assumption, Source
from monitor.capacity.demand import Demand
from monitor.capacity.limits import Limit, Whose
from monitor.capacity.one_machine import DATABASE, Cpu, Disk, OneMachine
from monitor.capacity.several_machines import IN_THIS_VERSION, Part, SeveralMachines
from monitor.capacity.twilio import Accounts
from monitor.sizes import in_words

PLAN = "a plan: nothing of it was measured"
_NAME, _VALUE = 24, 14


def as_text(demand: Demand, advice: Advice, assumed: Assumed) -> Iterator[str]:
    """Yield the lines for people, every assumption at their end."""
    yield from brief(demand, advice, assumed)
    yield ""
    yield f"Several machines, PostgreSQL and ClickHouse ({PLAN})"
    yield from _several_machines(advice.several_machines)
    yield ""
    yield "Assumptions (--assume NAME=VALUE puts another in the place of one)"
    yield from map(_assumption, assumed.all())


def brief(demand: Demand, advice: Advice, assumed: Assumed) -> Iterator[str]:
    """Yield what is advised, and what one machine and Twilio's accounts come to."""
    yield from _demand(demand)
    yield ""
    yield from _advice(demand, advice)
    yield ""
    yield "One machine, SQLite"
    yield from _one_machine(demand, advice.one_machine, assumed)
    yield ""
    yield "Twilio"
    yield from _twilio(advice.accounts)


def as_json(demand: Demand, advice: Advice, assumed: Assumed) -> str:
    """Return the same as an object."""
    return msgspec.json.format(msgspec.json.encode(as_object(demand, advice, assumed)), indent=1).decode()


def as_object(demand: Demand, advice: Advice, assumed: Assumed) -> dict[str, Any]:
    """Return the same as what JSON knows; bytes, seconds and shares are numbers."""
    here, several = advice.one_machine, advice.several_machines
    return {
        "demand": demand._asdict()
        | {
            "accounts": advice.accounts.number,
            "replicas": several.replicas,
            "samples_per_s": demand.samples_per_s,
            "posts_per_s": demand.posts_per_s,
        },
        "advice": {
            "machines": "one" if advice.is_one_machine_enough else "several",
            "first_limit": _limit_object(advice.first) | {"met_at_participants": advice.first_met_at},
            "split": None if advice.split is None else advice.split._asdict(),
        },
        "one_machine": here._asdict()
        | {
            "cpu": here.cpu._asdict(),
            "disk": here.disk._asdict() | {"file_bytes": here.disk.file_bytes},
            "limits": [_limit_object(limit) for limit in here.limits],
            "holds": here.holds,
        },
        "several_machines": {
            "is_in_this_version": IN_THIS_VERSION,
            **several._asdict(),
            "parts": [part._asdict() for part in several.parts],
            "limits": [_limit_object(limit) for limit in several.limits],
            "vcpu": several.vcpu,
            "holds": several.holds,
        },
        "twilio": advice.accounts._asdict() | {"limits": [_limit_object(limit) for limit in advice.accounts.limits]},
        "assumptions": [_assumption_object(each) for each in assumed.all()],
    }


def _limit_object(limit: Limit) -> dict[str, Any]:
    return limit._asdict() | {"used_ratio": limit.used_ratio}


def _assumption_object(assumption: Assumption) -> dict[str, Any]:
    return {name: getattr(assumption, name) for name in ("name", "value", "unit", "source", "basis")}


# --- what is asked, and what to do --------------------------------------------------------------------------------


def _demand(demand: Demand) -> Iterator[str]:
    yield (
        f"{count(demand.participants)} people at once at the busiest time, {percent(demand.mean_to_peak_ratio)} of "
        "them on average over a day:"
    )
    samples = "a sample" if demand.samples_per_post == 1 else f"{demand.samples_per_post} samples"
    yield (
        f"  a sample every {demand.interval_s:g} s, {samples} a post: {count(demand.posts_per_s)} posts and "
        f"{count(demand.samples_per_s)} samples a second; kept for {_days(demand.kept_days)}"
    )


def _advice(demand: Demand, advice: Advice) -> Iterator[str]:
    machines = "one machine" if advice.is_one_machine_enough else "several machines"
    yield f"Advised: {machines}."
    first = advice.first
    at = f"at {about(advice.first_met_at)} people" if advice.first_met_at else "by a single one"
    yield f"  met first: {first.name}{_by(first)}, {at}; here {used(first)}"
    if not advice.is_one_machine_enough:
        yield f"  several machines are {PLAN}"
        yield f"  {_meanwhile(demand, advice)}"
        for limit in advice.several_machines.limits:
            if not limit.is_kept:
                yield f"  past the plan as well: {limit.name}, {used(limit)}"
    for limit in advice.accounts.limits:
        if limit.whose is Whose.TWILIO and not limit.is_kept:
            yield f"  Twilio refuses: {limit.name}, {used(limit)}; have more accounts, or ask Twilio for more"


def _meanwhile(demand: Demand, advice: Advice) -> str:
    if advice.split is None or advice.split.daemons == 1:
        return "until then: post less often; no account can be split among daemons"
    each = "an account" if advice.split.accounts_each == 1 else f"{advice.split.accounts_each} accounts"
    people = demand.participants / advice.split.daemons
    return f"until then: {count(advice.split.daemons)} daemons, {each} and {count(people)} people each"


def _by(limit: Limit) -> str:
    return " (Twilio's)" if limit.whose is Whose.TWILIO else ""


# --- one machine --------------------------------------------------------------------------------------------------


def _one_machine(demand: Demand, here: OneMachine, assumed: Assumed) -> Iterator[str]:
    yield _line("holds", "yes" if here.holds else "no", f"up to {about(here.most_participants)} of such people")
    yield _line("CPU", cores(here.cpu.core_ratio), _of_a_post(here.cpu))
    yield _line("memory", in_words(here.memory_bytes), "the daemon alone")
    yield from _disk(here.disk, demand)
    yield _line("network in", f"{in_words(here.network_in_bytes_per_s)}/s", "")
    yield _line("open files", count(here.open_files), "LimitNOFILE above it")
    if here.holds:
        memory, disk = f"{here.ordered_memory_gb} GB of memory", f"{in_words(here.ordered_disk_bytes)} of SSD"
        yield _line("order", f"{here.ordered_cores} cores", f"{memory}, {disk}: {_copies(assumed)}")
    yield from _settings(here)


def _settings(here: OneMachine) -> Iterator[str]:
    for limit in here.limits:
        if limit.whose is not Whose.SETTING or limit.is_kept:
            continue
        if limit.name == DATABASE:
            yield _line("keep less", limit.name, f"{used(limit)}: fewer raw_days, rollups_days or events_days")
        else:
            yield _line("set", limit.name, f"above {count(limit.wanted)}; it is {count(limit.available)}")


def _copies(assumed: Assumed) -> str:
    return f"{assumed['disk_copies']:g} times the database, for a migration and a backup"


def _of_a_post(cpu: Cpu) -> str:
    post_us = cpu.post_us + cpu.token_us + cpu.sync_us + cpu.crowd_us + cpu.more_samples_us
    parts = {"token": cpu.token_us, "sync": cpu.sync_us, "others": cpu.crowd_us, "more samples": cpu.more_samples_us}
    of = "".join(f", {name} {part_us:.0f}" for name, part_us in parts.items() if part_us >= 0.5)
    return f"{post_us:.0f} µs a post (itself {cpu.post_us:.0f}{of}), {cpu.pack_us:.1f} µs to pack a sample"


def _disk(disk: Disk, demand: Demand) -> Iterator[str]:
    yield _line("disk, as it came", in_words(disk.log_bytes), "the log, until it is packed")
    yield _line("disk, samples", in_words(disk.samples_bytes), f"settled, for {_days(demand.kept_days)}")
    yield _line("disk, rollups", in_words(disk.rollups_bytes), "settled, for rollups_days")
    share = f"; {percent(disk.events_bytes / disk.file_bytes)} of all, less with fewer days" if _is_most(disk) else ""
    yield _line("disk, what happened", in_words(disk.events_bytes), f"settled, for events_days{share}")
    yield _line("disk, reserve", in_words(disk.reserve_bytes), "held back for when it is full")


def _is_most(disk: Disk) -> bool:
    return disk.events_bytes > disk.file_bytes / 2


# --- Twilio -------------------------------------------------------------------------------------------------------


def _twilio(asked: Accounts) -> Iterator[str]:
    yield _line("accounts", count(asked.number), f"{count(asked.people)} people in {count(asked.rooms)} rooms each")
    by_name = {limit.name: limit for limit in asked.limits}
    reads = by_name["reads of an account"]
    yield _line("requests to each", f"{asked.wanted_per_s:.2g} a second", f"{reads.available:g} allowed by Twilio")
    budget = by_name["accounts.requests_per_s"]
    if not budget.is_kept:
        yield _line(
            "requests_per_s",
            f"{budget.available:g} a second",
            f"so each room is looked into every {_span(asked.looked_every_s)}; "
            f"{asked.budget_per_s:.2g} would do in time",
        )


# --- several machines ---------------------------------------------------------------------------------------------


def _several_machines(several: SeveralMachines) -> Iterator[str]:
    yield from _table(
        ("part", "runs on", "machines", "vCPU", "memory", "disk each", "objects", "network in", "busy cores"),
        [_part(part) for part in several.parts],
    )
    yield (
        f"  {count(several.vcpu)} vCPU altogether; {count(several.commits_per_s)} commits a second to the log; "
        f"{_few(several.polls_per_s)} requests a second to Twilio"
    )
    for limit in several.limits:
        yield _line(
            limit.name,
            percent(limit.used_ratio),
            f"{amount(limit.wanted, limit.unit)} of {amount(limit.available, limit.unit)}"
            + ("" if limit.is_kept else ": too few"),
        )


def _part(part: Part) -> tuple[str, ...]:
    own = part.machines
    return (
        part.name,
        part.runs_on,
        f"{own} x" if own else "",
        str(part.vcpu) if own else "",
        f"{part.memory_gb:g} GB" if own else "",
        in_words(part.disk_bytes) if part.disk_bytes else "",
        in_words(part.objects_bytes) if part.objects_bytes else "",
        f"{in_words(part.network_in_bytes_per_s)}/s" if part.network_in_bytes_per_s else "",
        _few(part.busy_cores) if part.busy_cores else "",
    )


# --- words --------------------------------------------------------------------------------------------------------


def _assumption(assumption: Assumption) -> str:
    value = f"{assumption.value:,.12g} {assumption.unit}"
    source = assumption.source.value if assumption.source is not Source.GIVEN else "given by you"
    return f"  {assumption.name:<21} {value:<34} {source}: {assumption.basis}"


def _line(name: str, value: str, more: str) -> str:
    return f"  {name:<{_NAME}} {value:<{_VALUE}} {more}".rstrip()


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    for row in (heads, *rows):
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def count(number: float) -> str:
    """Return how many, with separators; below ten, what is behind the point as well."""
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.2g}"


def about(number: float) -> str:
    """Return how many at most, to three digits."""
    step = 10 ** max(0, len(str(int(number))) - 3)
    return count(int(number) // step * step)


def used(limit: Limit) -> str:
    """Return how much of a limit is used."""
    wanted, available = amount(limit.wanted, limit.unit), amount(limit.available, limit.unit)
    return f"{wanted.removesuffix(limit.unit).rstrip()} of {available} ({percent(limit.used_ratio)})"


def cores(ratio: float) -> str:
    """Return how much of a core, or how many of them."""
    return f"{percent(ratio)} of a core" if ratio <= 1 else f"{ratio:.3g} cores"


def percent(ratio: float) -> str:
    """Return a share to two digits, whole where it is large."""
    return f"{ratio * 100:,.0f} %" if ratio >= 0.1 else f"{ratio * 100:.2g} %"


def amount(number: float, unit: str) -> str:
    """Return a number with its unit; bytes in words."""
    if unit.startswith("bytes"):
        return in_words(number) + unit.removeprefix("bytes")
    if unit == "cores":
        return f"{number:.3g} cores"
    return f"{count(number)} {unit}"


def _few(number: float) -> str:
    """Return a number to two digits, whole where it is large."""
    return count(number) if number >= 10 else f"{number:.2g}"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _days(days: float) -> str:
    return "1 day" if days == 1 else f"{days:g} days"
