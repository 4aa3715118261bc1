"""One machine or several, and what stands in the way first?"""

from math import ceil
from typing import NamedTuple

from monitor.capacity.assumptions import Assumed
from monitor.capacity.demand import Demand
from monitor.capacity.limits import Limit, Whose, most_participants, nearest
from monitor.capacity.one_machine import OneMachine, limits_of, one_machine
from monitor.capacity.several_machines import SeveralMachines, several_machines
from monitor.capacity.twilio import Accounts, accounts


class Split(NamedTuple):
    """Daemons that know nothing of each other, with some accounts each: what this version can do past one machine."""

    daemons: int
    accounts_each: int


class Advice(NamedTuple):
    """What to do, and why."""

    one_machine: OneMachine
    several_machines: SeveralMachines
    accounts: Accounts
    first: Limit  # that one machine, or an account of Twilio's, meets
    first_met_at: int  # participants
    split: Split | None

    @property
    def is_one_machine_enough(self) -> bool:
        """Which of the two it is to be."""
        return self.one_machine.holds


def advise(demand: Demand, assumed: Assumed) -> Advice:
    """Return what comes of a demand."""
    asked = accounts(demand, assumed)
    here = one_machine(demand, assumed)
    first = nearest(_limits(demand, assumed))
    spread = demand._replace(accounts=asked.number)

    def is_kept(participants: int) -> bool:
        limits = _limits(spread._replace(participants=participants), assumed)
        return next(limit for limit in limits if limit.name == first.name).is_kept

    return Advice(
        here,
        several_machines(demand, asked, assumed),
        asked,
        first,
        most_participants(is_kept),
        None if here.holds else _split(here, asked),
    )


def _limits(demand: Demand, assumed: Assumed) -> tuple[Limit, ...]:
    """Return the limits that no setting moves."""
    limits = (*limits_of(demand, assumed), *accounts(demand, assumed).limits)
    return tuple(limit for limit in limits if limit.whose is not Whose.SETTING)


def _split(here: OneMachine, asked: Accounts) -> Split | None:
    accounts_each = min(int(here.most_participants / asked.people), asked.number)
    return Split(ceil(asked.number / accounts_each), accounts_each) if accounts_each else None
