"""What is wanted of Twilio's accounts, each of which has limits of its own?"""

from math import ceil
from typing import NamedTuple

from monitor.cadence import RECONCILED_SHARE
from monitor.capacity.assumptions import Assumed
from monitor.capacity.demand import Demand
from monitor.capacity.limits import Limit, Whose

ROOMS_A_REQUEST = 1_000
_HARDLY_ANY = 1e-6  # a second: what is left where lists take all


class Accounts(NamedTuple):
    """How many there are, and what each is asked for.

    Args:
        number: of accounts.
        people: at once in each.
        rooms: at once in each.
        wanted_per_s: requests a second to each, where nothing waits.
        budget_per_s: what has to be allowed for nothing to wait.
        looked_every_s: how often each room is looked into within the budget that is set.
    """

    number: int
    people: float
    rooms: float
    wanted_per_s: float
    budget_per_s: float
    looked_every_s: float
    limits: tuple[Limit, ...]


def accounts(demand: Demand, assumed: Assumed) -> Accounts:
    """Return what is wanted of them."""
    number = demand.accounts_needed(assumed)
    people = demand.participants / number
    rooms = people / assumed["people_per_room"]
    lists_per_s = ceil(rooms / ROOMS_A_REQUEST) / assumed["rooms_every_s"] + 1 / assumed["compositions_every_s"]
    looks_per_s = rooms / assumed["look_every_s"]
    wanted_per_s = lists_per_s + looks_per_s
    # Looking where nothing hints at a change takes its share of the budget and no more.
    budget_per_s = max(wanted_per_s, looks_per_s / RECONCILED_SHARE)
    allowed_per_s = assumed["requests_per_s"]
    left_per_s = min(looks_per_s, allowed_per_s * RECONCILED_SHARE, max(allowed_per_s - lists_per_s, _HARDLY_ANY))
    limits = (
        Limit("people of an account", Whose.TWILIO, people, assumed["account_participants"], "people"),
        Limit("reads of an account", Whose.TWILIO, wanted_per_s, assumed["account_reads_per_s"], "requests/s"),
        Limit("accounts.requests_per_s", Whose.SETTING, budget_per_s, allowed_per_s, "requests/s"),
    )
    return Accounts(number, people, rooms, wanted_per_s, budget_per_s, rooms / left_per_s, limits)
