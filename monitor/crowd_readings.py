"""What does a rule get to see of a media region, or of a tenant?

How many of the people in it have a bad connection.  A share of few people, or of the people of few rooms, says nothing
about what they have in common, and is not told; but that nobody is badly off can be told of any number, so that what
was raised in the day is cleared in the night.
"""

from alerts.model import Kind, Reading, Value
from monitor.crowds import Crowd
from monitor.entities import Ref

FEWEST_PEOPLE = 10
FEWEST_ROOMS = 3


def of_crowd(ref: Ref, crowd: Crowd) -> Reading:
    """Return what a rule over regions or over tenants sees."""
    values: dict[str, float | None] = {
        "participants": crowd.participants,
        "known": crowd.known,
        "degraded": crowd.degraded,
        "degraded_ratio": degraded_ratio(crowd),
        "rooms": crowd.rooms,
        "degraded_rooms": crowd.degraded_rooms,
    }
    details: dict[str, Value] = {ref.kind: ref.key, **values}
    return Reading(Kind(ref.kind), ref.key, values, {ref.kind: ref.key}, details)


def degraded_ratio(crowd: Crowd) -> float | None:
    """Return the share of people whose call is bad, or None where there are too few to tell."""
    if not crowd.degraded and (crowd.known or not crowd.participants):
        return 0.0
    if crowd.known < FEWEST_PEOPLE or crowd.known_rooms < FEWEST_ROOMS:
        return None
    return crowd.degraded / crowd.known
