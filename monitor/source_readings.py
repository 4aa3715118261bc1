"""What does a rule get to see of a source, one of the ways by which we learn what goes on?

A source that is polled is *stale* once several polls in a row should have told something and none did; `stale_s` is by
how much, below 0 while it is fresh.  Browsers are stale when people are in calls whose quality is known, and nobody
posts.  Silence of callbacks proves nothing by itself, since on a quiet evening there is nothing to tell; how many in a
row did not come that should have is known.

After a start nobody knows how old what is known is, until a first poll has worked or should have.
"""

from typing import NamedTuple

from alerts.model import Kind, Reading, Value
from monitor.naming import shortened

TELEMETRY = "telemetry"
CALLBACKS = "callbacks"
TELEMETRY_STALE_AFTER_S = 120.0  # browsers post every few seconds, and wait longer only if they are told to


class SourceState(NamedTuple):
    """How one source stands."""

    source: str
    account_sid: str | None = None
    account: str = ""
    started_at_s: float = 0.0
    last_success_at_s: float | None = None
    stale_after_s: float | None = None  # None: its silence proves nothing
    is_expected: bool = True  # False: there is nothing to tell
    failures_in_a_row: int = 0
    error: str = ""

    @property
    def key(self) -> str:
        """Return the source's name among all."""
        return f"{self.account_sid}/{self.source}" if self.account_sid else self.source

    def stale_s(self, now_s: float) -> float | None:
        """Return for how long it has been stale, or None where nobody knows."""
        if not self.is_expected:
            return 0.0
        if self.stale_after_s is None:
            return None
        since_s = self.started_at_s if self.last_success_at_s is None else self.last_success_at_s
        late_s = now_s - since_s - self.stale_after_s
        return None if self.last_success_at_s is None and late_s <= 0 else late_s


def of_source(state: SourceState, now_s: float) -> Reading:
    """Return what a rule over sources sees."""
    values: dict[str, float | None] = {
        "stale_s": state.stale_s(now_s),
        "failures_in_a_row": state.failures_in_a_row,
    }
    details: dict[str, Value] = {
        "source": state.source,
        "source_name": _name_of(state),
        "account": state.account or None,
        "silent_s": None if state.last_success_at_s is None else round(now_s - state.last_success_at_s),
        "error": state.error or "nothing came",
        **values,
    }
    labels = {"source": state.source, **({"account": state.account_sid} if state.account_sid else {})}
    return Reading(Kind.SOURCE, state.key, values, labels, details)


def _name_of(state: SourceState) -> str:
    if state.source == TELEMETRY:
        return "browsers"
    account = state.account or (shortened(state.account_sid) if state.account_sid else "")
    return f"the {state.source.replace('_', ' ')} of {account}"
