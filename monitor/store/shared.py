"""What do replicas need of the memory that they share, besides what every store has?"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from monitor.store.leases import Lease, Leases, RequestBudget
from monitor.store.ports import SharedLog, SharedPicture, Store


class Letter(NamedTuple):
    """Something for whoever decides who is told, by its number."""

    number: int
    body: bytes


class Inbox(Protocol):
    """What people and services told replicas that could not do it, for the one that can."""

    async def put(self, body: bytes) -> int:
        """Keep something until it is done; return its number.

        Raises:
            StoreFailed: it was not kept.
        """

    async def waiting(self, limit: int) -> Sequence[Letter]:
        """Return at most so many that wait, in the order in which they came."""

    async def waits(self, number: int) -> bool:
        """Whether it still waits to be done."""

    async def done(self, number: int) -> None:
        """Say that it is done."""


class PollState(Struct, frozen=True):
    """How it goes with the polls of one source, as whoever polls it says."""

    resource: str
    last_success_ms: int | None = None
    error: str = ""
    failures_in_a_row: int = 0


class PollStates(Protocol):
    """How it goes with the polls of all accounts, for those who do not poll them."""

    async def say(self, account_sid: str, states: Sequence[PollState]) -> None:
        """Say how it goes with an account."""

    async def all(self) -> Mapping[str, Sequence[PollState]]:
        """Return how it goes, by account."""


class SharedStore(Store, Protocol):
    """The memory of several replicas."""

    @property
    def log(self) -> SharedLog:
        """Return the log that all write to and follow."""

    @property
    def picture(self) -> SharedPicture:
        """Return the picture that one of them saves."""

    @property
    def leases(self) -> Leases:
        """Return who has which duty."""

    @property
    def budget(self) -> RequestBudget:
        """Return what all of them together may still ask."""

    @property
    def inbox(self) -> Inbox:
        """Return what is for whoever decides who is told."""

    @property
    def poll_states(self) -> PollStates:
        """Return how it goes with the polls of each account."""

    def under(self, lease: Lease) -> "SharedStore":
        """Return this store for whoever has a duty: what is written there is refused once somebody else has it."""
