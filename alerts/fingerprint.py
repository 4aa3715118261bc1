"""What makes two alerts the same alert, and two notifications the same word?

Every identity is a short hash of what it stands for, the same in every process and after every restart, so that a
repeat is recognised by whoever hears it.  Each starts with a version: when the recipe changes the number does, and
what an older release opened keeps the name it was opened under.
"""

from collections.abc import Mapping
from hashlib import sha256

from alerts.model import NotificationKind


def fingerprint(rule: str, entity: str) -> str:
    """Return the identity of one rule's alert about one entity, across all its episodes."""
    return f"f1-{_hash(rule, entity)[:16]}"


def episode_id(fingerprint: str, fired_at: float) -> str:
    """Return the identity of the stay in firing that began at `fired_at`."""
    return f"e1-{_hash(fingerprint, repr(fired_at))[:16]}"


def group_key(route: str, labels: Mapping[str, str]) -> str:
    """Return the identity of the group of alerts that a route puts together by these labels."""
    return f"g1-{_hash(route, *(part for pair in sorted(labels.items()) for part in pair))[:16]}"


def incident_id(group: str, opened_at: float) -> str:
    """Return the identity of what a group is from the moment at which somebody is told until it is over."""
    return f"i1-{_hash(group, repr(opened_at))[:16]}"


def dedup_key(instance: str, receiver: str, incident: str) -> str:
    """Return what a pager recognises an incident by.

    The instance is part of it because two daemons may share a pager, the receiver because two receivers may.
    """
    return f"rw2-{_hash(instance, receiver, incident)[:32]}"


def notification_id(dedup_key: str, kind: NotificationKind, number: int = 0) -> str:
    """Return the identity of one word, the same for every attempt to say it; `number` tells updates apart.

    No full stop in it: signed webhooks join identity, time and body with full stops.
    """
    return f"{dedup_key}-{kind}{f'-{number}' if number else ''}"


def dedup_key_of(notification_id: str) -> str:
    """Return the dedup key that a notification has, given its identity; anything else than one comes back as it is."""
    version, key, *_ = [*notification_id.split("-"), ""]
    return f"{version}-{key}" if key else notification_id


def silence_id(matchers: str, starts_at: float, ends_at: float, author: str, reason: str, created_at: float) -> str:
    """Return the identity of a silence; asking for the same one twice in a breath asks for one."""
    return f"s1-{_hash(matchers, repr(starts_at), repr(ends_at), author, reason, repr(created_at))[:16]}"


def _hash(*parts: str) -> str:
    # Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ.
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")).hexdigest()
