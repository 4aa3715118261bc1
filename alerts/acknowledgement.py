"""Who looks after it, and how did they say so?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody's word that they look after an incident, found by its key at a receiver or by its own name."""

    by: str
    via: str
    at: float
    dedup_key: str = ""
    incident: str = ""
