"""What does it mean, that a receiver's door was found so?  Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.doctor.findings import Finding, fail, ok


class Door(NamedTuple):
    """Where words are to go: a host, and a port on it."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as it is shown."""
        return f"{self.host}:{self.port}"


class Knock(NamedTuple):
    """What became of a knock: why nobody opened, empty if somebody did, and whether the host has an address at all."""

    fault: str = ""
    is_named: bool = True


def judge_knock(door: Door, receivers: Sequence[str], knock: Knock) -> Finding:
    """Say whether somebody listens where receivers are to be told."""
    who = ", ".join(receivers)
    if not knock.is_named:
        return fail(who, f"{door.host} has no address: {knock.fault}", "check the name, and the resolver of this host")
    if knock.fault:
        return fail(who, f"nobody opens at {door}: {knock.fault}", "check the address, firewalls, and that it runs")
    return ok(who, f"{door} can be reached; roomwatch receivers test says whether it takes a word")


def judge_alertmanager(member: str, answer: int | str) -> Finding:
    """Say whether a member of the cluster is ready, by what it answered to that question."""
    if answer == 200:
        return ok(member, "is ready")
    if isinstance(answer, str):
        return fail(member, f"could not be asked: {answer}", "check the address, and that it runs")
    if answer in (401, 403):
        return fail(member, f"does not let us in ({answer})", "check username and password, or bearer_token")
    return fail(member, f"is not ready ({answer})", "see its log; alertmanager.urls wants the address before /api")
