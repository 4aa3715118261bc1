"""What is answered about a call, made up: as many people for as long as wanted, the same every time.

Good for looking at the page of a call without a daemon that saw one.  The shapes are those of `docs/calls.md`.
"""

import math
import random
from typing import Any

BEGAN_MS = 1_763_690_000_000
STEP_MS = 10_000
NAMES = ("alice", "bruno.costa", "chiara", "dmitri", "esra", "farid", "grace", "hugo")

Answer = dict[str, Any]


def lanes(people: int, minutes: int, seed: int = 7) -> Answer:
    """Return how everybody fared: the first has a bad uplink for a while, the second loses the connection."""
    rng = random.Random(seed)
    steps = minutes * 6
    return {
        "room_sid": f"RM{0:032x}",
        "room_name": "acme:class:9f3c",
        "from_ms": BEGAN_MS,
        "step_ms": STEP_MS,
        "steps": steps,
        "aggregates": {},
        "lanes": [_lane(rng, number, steps) for number in range(people)],
    }


def story(people: int, minutes: int) -> Answer:
    """Return what happened."""
    ended_ms = BEGAN_MS + minutes * 60_000
    entries = [entry for number in range(people) for entry in _presence(number, ended_ms)]
    entries += _troubles(minutes)
    entries += [
        _entry(f"cb{n}", BEGAN_MS + n * 17_000, "callback", f"Callback {n}: track-added.", sequence=n)
        for n in range(min(600, minutes * 3))
    ]
    return {
        "room_sid": f"RM{0:032x}",
        "room_name": "acme:class:9f3c",
        "account_sid": f"AC{0:032x}",
        "status": "completed",
        "media_region": "us1",
        "created_at_ms": BEGAN_MS,
        "ended_at_ms": ended_ms,
        "from_ms": BEGAN_MS - 60_000,
        "to_ms": ended_ms + 60_000,
        "entries": sorted(entries, key=lambda each: each["at_ms"]),
        "is_cut": False,
        "missing": [
            {
                "input": "telemetry",
                "key": sid(people - 1),
                "words": f"Nothing is known of how {name(people - 1)} fared: no telemetry came from that browser.",
                "remedy": "Add the browser SDK to the page that joins the call.",
                "docs": "docs/browser.md",
            }
        ],
    }


def verdict(minutes: int) -> Answer:
    """Return whose fault it was."""
    return {
        "room_sid": f"RM{0:032x}",
        "room_name": "acme:class:9f3c",
        "from_ms": BEGAN_MS,
        "to_ms": BEGAN_MS + minutes * 60_000,
        "cause": "uplink",
        "whom": sid(0),
        "name": "alice",
        "confidence": 0.9375,
        "sentence": "alice's uplink: 12 % of what alice sent was lost for 4 min, while bruno.costa lost 0.1 %.",
        "because": [
            "12 % of what alice sent was lost for 4 min",
            "bruno.costa and chiara lost 0.1 % of what they sent",
            "bruno.costa and chiara saw alice at level 2 or below",
            "Twilio gave alice level 1.0 meanwhile",
        ],
        "others": [{"cause": "region", "whom": "us1", "fact": "most people there were well"}],
        "people": 8,
        "people_heard": 7,
        "other_rooms": 41,
        "are_other_rooms_cut": False,
        "compared_from_ms": BEGAN_MS,
        "compared_to_ms": BEGAN_MS + minutes * 60_000,
    }


def sid(number: int) -> str:
    """Return the SID of a participant."""
    return f"PA{number:032x}"


def name(number: int) -> str:
    """Return the identity of a participant."""
    return NAMES[number] if number < len(NAMES) else f"person.{number}"


def _is_bad(number: int, step: int, steps: int) -> bool:
    return number == 0 and 0.4 * steps <= step < 0.4 * steps + 24


def _lane(rng: random.Random, number: int, steps: int) -> Answer:
    is_silent, joined = number % 8 == 7, min(number * 2, steps // 3)
    level, score, idle = [], [], []
    columns: dict[str, list[Any]] = {column: [] for column in _COLUMNS}
    for step in range(steps):
        measured = None if is_silent or step < joined else _sample(rng, number, step, steps)
        level.append(measured and measured.pop("level"))
        score.append(measured and measured.pop("score"))
        idle.append(measured and measured.pop("idle"))
        for column, values in columns.items():
            values.append(measured[column] if measured else None)
    return {
        "key": sid(number),
        "participant_sid": sid(number),
        "identity": name(number),
        "joined_at_ms": BEGAN_MS + joined * STEP_MS,
        "left_at_ms": BEGAN_MS + steps * STEP_MS,
        "client": {"browser": "Safari 26" if number % 3 == 0 else "Chrome 156", "network": "wifi"},
        "samples": 0 if is_silent else steps - joined,
        "every_ms": None if is_silent else STEP_MS,
        "level": level,
        "score": score,
        "idle": idle,
        "columns": {column: values for column, values in columns.items() if any(each is not None for each in values)},
        "spans": _spans(number, joined, steps, is_silent=is_silent),
    }


_BY_WAY = ("loss_ratio", "jitter_ms", "bitrate_bps", "fps", "freezes")
_COLUMNS = ("rtt_ms", *(f"{way}.{value}" for way in ("up", "down") for value in _BY_WAY))


def _sample(rng: random.Random, number: int, step: int, steps: int) -> Answer:
    is_bad = _is_bad(number, step, steps)
    is_weak = number % 5 == 3 and math.sin(step / 40 + number) > 0.8
    is_idle = number % 8 == 6 and step > steps * 0.7
    usual = 3 if number % 4 == 2 and step // 25 % 5 == 0 else 5 if (step // 37 + number) % 4 else 4
    level = 1 if is_bad else 2 if is_weak else usual
    sample: Answer = {
        "level": 5 if is_idle else level,
        "score": 2.2 if is_bad else 3.2 if is_weak else round(rng.uniform(3.9, 4.4), 1),
        "idle": is_idle,
        "rtt_ms": round(rng.uniform(300, 480) if is_bad else rng.uniform(40, 70)),
        "down.fps": None if number % 3 == 0 else round(rng.uniform(24, 30)),
    }
    sample["up.loss_ratio"] = round(rng.uniform(0.08, 0.14) if is_bad else rng.uniform(0, 0.004), 4)
    sample["down.loss_ratio"] = round(rng.uniform(0, 0.004), 4)
    sample["up.jitter_ms"] = round(rng.uniform(50, 80) if is_bad else rng.uniform(2, 9))
    sample["down.jitter_ms"] = round(rng.uniform(2, 9))
    sample["up.bitrate_bps"] = round(rng.uniform(90_000, 200_000) if is_bad else rng.uniform(900_000, 1_300_000))
    sample["down.bitrate_bps"] = round(rng.uniform(1_500_000, 2_200_000))
    sample["up.fps"] = round(rng.uniform(5, 11) if is_bad else rng.uniform(24, 30))
    sample["up.freezes"], sample["down.freezes"] = None, rng.choice((0, 0, 0, 0, 0, 1)) if is_weak else 0
    return sample


def _spans(number: int, joined: int, steps: int, *, is_silent: bool) -> list[Answer]:
    first, end = BEGAN_MS + joined * STEP_MS, BEGAN_MS + steps * STEP_MS
    if is_silent:
        return [{"from_ms": first, "to_ms": end, "status": "silent"}]
    if number != 1:
        return [{"from_ms": first, "to_ms": end, "status": "heard"}]
    lost = BEGAN_MS + steps * STEP_MS * 6 // 10
    return [
        {"from_ms": first, "to_ms": lost, "status": "heard"},
        {"from_ms": lost, "to_ms": lost + 24_000, "status": "reconnecting"},
        {"from_ms": lost + 24_000, "to_ms": end - 60_000, "status": "heard"},
    ]


def _entry(entry_id: str, at_ms: int, kind: str, words: str, **more: Any) -> Answer:
    source = "callback" if kind == "callback" else "alerts" if kind == "alert" else "telemetry"
    return {"id": entry_id, "at_ms": at_ms, "until_ms": None, "kind": kind, "source": source, "words": words} | more


def _presence(number: int, ended_ms: int) -> list[Answer]:
    at_ms, key = BEGAN_MS + number * 20_000, sid(number)
    return [
        _entry(f"in{number}", at_ms, "joined", f"{name(number)} joined.", key=key),
        _entry(f"out{number}", ended_ms - 60_000 * (number == 1), "left", f"{name(number)} left.", key=key),
    ]


def _troubles(minutes: int) -> list[Answer]:
    length_ms = minutes * 60_000
    bad, lost = BEGAN_MS + length_ms * 4 // 10, BEGAN_MS + length_ms * 6 // 10
    alert = {
        "rule": "ParticipantQualityDegraded",
        "state": "firing",
        "severity": "warning",
        "fingerprint": "f1",
        "incident": "01JD0000000000000000000001",
    }
    return [
        _entry("r1", BEGAN_MS, "room", "The room began."),
        _entry(
            "a1",
            bad + 30_000,
            "alert",
            "Alert ParticipantQualityDegraded fired for alice, for 5 min.",
            key=sid(0),
            until_ms=bad + 330_000,
            alert=alert,
        ),
        _entry(
            "l1",
            lost,
            "reconnecting",
            "bruno.costa lost the connection for 24 s.",
            key=sid(1),
            until_ms=lost + 24_000,
            code=53405,
            code_name="MediaConnectionError",
            code_words="Media connection failed",
            remedy="Check whether the network lets UDP through, or whether it changed.",
        ),
        _entry("t1", bad - 90_000, "track", "alice muted the microphone.", key=sid(0)),
        _entry("s1", bad - 60_000, "speaker", "chiara spoke.", key=sid(2), until_ms=bad + 40_000),
        _entry("s2", bad + 40_000, "speaker", "alice spoke.", key=sid(0), until_ms=bad + 200_000),
        _entry("o1", bad + 50_000, "switched_off", "alice's picture was off.", key=sid(0), until_ms=bad + 180_000),
        _entry("x1", BEGAN_MS + 45_000, "recording", "Recording of alice's microphone began.", key=sid(0)),
        _entry("x2", BEGAN_MS + length_ms, "composition", "The composition was enqueued."),
        _entry("f1", lost + 60_000, "feedback", "chiara rated the call 2 of 5.", key=sid(2), rating=2, text="choppy"),
    ]
