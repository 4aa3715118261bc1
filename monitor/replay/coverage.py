"""Which rules cannot be lived through again, or only in part, and why?

What is not on record cannot be looked at.  It is said, so that nobody takes silence for health.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from alerts.model import Kind, Rule

CROWDS = (Kind.REGION, Kind.TENANT)
SAMPLED = (Kind.PARTICIPANT, Kind.ROOM, *CROWDS)
REPLAYED = (*SAMPLED, Kind.COMPOSITION, Kind.RECORDING, Kind.ACCOUNT)
#: Why the others are not: what their values come from is not kept, or not for as long.
_NOT_ON_RECORD: Mapping[Kind, str] = {
    Kind.SOURCE: "when a source was heard, and when it failed, is not on record",
    Kind.DAEMON: "how the daemon itself was is not on record",
    Kind.SLO: "an error budget counts every sample of everybody, for weeks; of samples only those that may change an "
    "alert are gone through here",
}
#: Why there may have been nothing to see of a crowd.
_NO_CROWD: Mapping[Kind, str] = {
    Kind.REGION: "no room's media region is on record in this time",
    Kind.TENANT: "no room of a tenant that [names] lists is on record in this time",
}

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
            yield Gap(rule.name, _NOT_ON_RECORD[rule.over])
        elif is_one_room and rule.over in (Kind.ACCOUNT, *CROWDS):
            yield Gap(rule.name, f"it is about a whole {rule.over}, and only one room is looked at")


def unseen(
    rules: Iterable[Rule], happened: Collection[str], judged: Collection[Kind], *, has_samples: bool
) -> Iterator[Gap]:
    """Return the rules that had nothing to see, by the sorts of what happened and the kinds of what was judged."""
    for rule in rules:
        sort, nothing = _OF_MEDIA.get(rule.over) or _TOLD_BY.get(rule.raise_when.value, ("", ""))
        if sort and not any(kind == sort or kind.startswith(f"{sort}-") for kind in happened):
            yield Gap(rule.name, f"{nothing} is on record in this time")
        elif rule.over in CROWDS and rule.over not in judged:
            yield Gap(rule.name, _NO_CROWD[rule.over])
        elif rule.over in (Kind.PARTICIPANT, *CROWDS) and not has_samples:
            yield Gap(rule.name, "nobody's samples are on record in this time")
