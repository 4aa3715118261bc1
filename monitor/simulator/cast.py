"""Who joins, from what, over which line?  The names, devices and lines from which the plot draws."""

from random import Random

from monitor.simulator.entities import Device, Room
from monitor.simulator.link import Link, Path
from monitor.simulator.sids import hex_digits

TENANTS = ("acme", "globex", "initech", "umbrella", "hooli")
KINDS = ("class", "consult", "standup", "interview")
NAMES = (
    *("alice", "bob", "carol", "dan", "erin", "frank", "grace", "heidi", "ivan", "judy", "kim", "liam", "mallory"),
    *("niaj", "olivia", "peggy", "quinn", "rupert", "sybil", "trent", "uma", "victor", "wendy", "xiu", "yusuf", "zoe"),
)
DEVICES = (
    Device("Chrome 156", "macOS 15", "wifi"),
    Device("Chrome 156", "Windows 11", "ethernet"),
    Device("Firefox 150", "Windows 11", "wifi"),
    Device("Safari 26", "macOS 15", "wifi"),
    Device("Chrome 156", "Android 16", "cellular"),
    Device("Safari 26", "iOS 26", "cellular"),
)
# From the best to the worst a line of this kind naturally is, in each direction.
LINES: dict[str, tuple[Path, Path]] = {
    "ethernet": (Path(0.0, 1.0, 18.0, 20_000_000.0), Path(0.001, 4.0, 45.0, 8_000_000.0)),
    "wifi": (Path(0.0005, 3.0, 25.0, 8_000_000.0), Path(0.004, 10.0, 70.0, 3_000_000.0)),
    "cellular": (Path(0.002, 6.0, 55.0, 5_000_000.0), Path(0.007, 15.0, 110.0, 1_800_000.0)),
}
# Which edge takes the calls of a media region.
EDGES = {"us1": "ashburn", "de1": "frankfurt", "sg1": "singapore", "ie1": "dublin", "au1": "sydney"}
REGIONS = ("us1", "de1", "sg1")


def room_name(rng: Random, kind: str | None, *key: object) -> str:
    """Return a name of the form tenant:kind:id."""
    return f"{rng.choice(TENANTS)}:{kind or rng.choice(KINDS)}:{hex_digits(*key, length=6)}"


def identity(rng: Random, room: Room) -> str:
    """Return the name of somebody who is not in `room` yet."""
    taken = {participant.identity for participant in room.present}
    free = [name for name in NAMES if name not in taken]
    return rng.choice(free) if free else f"{rng.choice(NAMES)}-{len(room.participants)}"


def device(rng: Random) -> Device:
    """Return what somebody joins with."""
    return rng.choice(DEVICES)


def link(rng: Random, network: str) -> Link:
    """Return a healthy line of the kind of `network`."""
    best, worst = LINES[network]
    return Link(_between(rng, best, worst), _between(rng, best, worst))


def _between(rng: Random, best: Path, worst: Path) -> Path:
    share = rng.random()
    return Path(
        best.loss_ratio + share * (worst.loss_ratio - best.loss_ratio),
        best.jitter_ms + share * (worst.jitter_ms - best.jitter_ms),
        best.rtt_ms + share * (worst.rtt_ms - best.rtt_ms),
        best.bandwidth_bps + share * (worst.bandwidth_bps - best.bandwidth_bps),
    )
