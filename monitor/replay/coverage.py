"""Which rules cannot be lived through again, or only in part, and why?

What is not on record cannot be looked at.  It is said, so that nobody takes silence for health.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from alerts.model import Kind, Rule

SAMPLED = (Kind.PARTICIPANT, Kind.ROOM)
REPLAYED = (*SAMPLED, Kind.COMPOSITION, Kind.RECORDING, Kind.ACCOUNT)

#: Values of an account that something must have told of first: the tag of that event, and what it is.
_TOLD_BY: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("canary_failed", "canary_round_trip_s"), ("canary", "no canary run")),
    **dict.fromkeys(("day_cost", "month_cost_forecast", "budget_ratio"), ("usage", "no usage")),
}
_OF_MEDIA: Mapping[Kind, tuple[str, str]] = {
    Kind.COMPOSITION: ("composition", "no composition"),
    Kind.RECORDING: ("recording", "no recording"),
}


class Gap(Struct, frozen=True):
    """A rule about which the replay says nothing, or less than all, and why."""

    rule: str
    why: str


def unplayable(rules: Iterable[Rule], *, is_one_room: bool) -> Iterator[Gap]:
    """Return the rules that are left out."""
    for rule in rules:
        if rule.over not in REPLAYED:
            yield Gap(rule.name, f"nothing is on record by which a rule over a {rule.over} could be judged again")
        elif is_one_room and rule.over is Kind.ACCOUNT:
            yield Gap(rule.name, "it is about a whole account, and only one room is looked at")


def unseen(rules: Iterable[Rule], kinds: Collection[str], *, has_samples: bool) -> Iterator[Gap]:
    """Return the rules that were judged but had nothing to see; `kinds` are the sorts of things that happened."""
    for rule in rules:
        sort, nothing = _OF_MEDIA.get(rule.over) or _TOLD_BY.get(rule.raise_when.value, ("", ""))
        if sort and not any(kind == sort or kind.startswith(f"{sort}-") for kind in kinds):
            yield Gap(rule.name, f"{nothing} is on record in this time")
        elif rule.over is Kind.PARTICIPANT and not has_samples:
            yield Gap(rule.name, "nobody's samples are on record in this time")
