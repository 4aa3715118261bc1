"""What does somebody type to say that they look after it, and which incident they mean?

During a call one digit is enough, since the call is about one incident.  A text message needs a code.

It is four digits, since they are typed with a thumb at night.  They follow from the incident, so nothing has to be
kept, and every message about it says the same.  Of the few incidents that are open at a time two will hardly ever
share a code; where they do, nothing is acknowledged by guess.
"""

from collections.abc import Collection
from hashlib import sha256

ACKNOWLEDGING_DIGIT = "1"


def reply_code(incident_id: str) -> str:
    """Return the code of an incident; it does not begin with a zero, which phones like to lose."""
    return str(1000 + int.from_bytes(sha256(incident_id.encode()).digest()[:6]) % 9000)


def incident_meant(said: str, open_ids: Collection[str]) -> str | None:
    """Return which of the open incidents is meant by its id or its code, None where that is none, or several.

    Who names none means the one that is open, if it is one.
    """
    meant = [each for each in open_ids if said in ("", each, reply_code(each))]
    return meant[0] if len(meant) == 1 else None
