"""A picture of the rooms that says what a test wants it to say."""

# ruff: noqa: ARG002 - the protocol asks with more than is needed here

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collectors.base import Summaries, Unsettled


@dataclass
class Picture:
    """What is known so far, one attribute for each question (`collectors.base.Known`)."""

    live: Mapping[str, int | None] = field(default_factory=dict)
    in_doubt: Sequence[str] = ()
    to_look_at: Sequence[str] = ()
    to_reconcile: Sequence[str] = ()
    connected: Mapping[str, Sequence[str]] = field(default_factory=dict)
    to_settle: Sequence[Unsettled] = ()
    compositions: Mapping[str, int | None] = field(default_factory=dict)
    owed: Sequence[str] = ()
    summaries: Summaries | None = None
    stays: Sequence[str] = ()

    def live_rooms(self, account_sid: str) -> Mapping[str, int | None]:
        return self.live

    def rooms_in_doubt(self, account_sid: str) -> Sequence[str]:
        return self.in_doubt

    def rooms_to_look_at(self, account_sid: str, now_ms: int) -> Sequence[str]:
        return self.to_look_at

    def rooms_to_reconcile(self, account_sid: str, now_ms: int) -> Sequence[str]:
        return self.to_reconcile

    def connected_participants(self, room_sid: str) -> Sequence[str]:
        return self.connected.get(room_sid, ())

    def rooms_to_settle(self, account_sid: str, now_ms: int) -> Sequence[Unsettled]:
        return self.to_settle

    def compositions_in_doubt(self, account_sid: str) -> Mapping[str, int | None]:
        return self.compositions

    def rooms_owed_a_composition(self, account_sid: str, now_ms: int) -> Sequence[str]:
        return self.owed

    def rooms_to_summarise(self, account_sid: str, now_ms: int) -> Summaries | None:
        return self.summaries

    def stays_to_summarise(self, account_sid: str, now_ms: int) -> Sequence[str]:
        return self.stays
