"""What is behind an incident, as far as that is known when something is said of it?

While a group waits for others to join, there is time to look into its room: whose fault the trouble is, by the verdict
that anybody could ask for.  Often it is too early to tell, as one bad moment proves nothing; then the room is looked
into again when there is more to go by, and what is found goes into the next word.  Nothing waits for it, and only a few
rooms are looked into at a time: where many are in trouble, it is no single room's fault anyway.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from logging import getLogger
from typing import NamedTuple

from alerts.model import Group, Judgement
from monitor.causes.verdicts import Cause
from monitor.inquiry import Inquiry
from monitor.live import Live
from monitor.on_record import call_on_record
from monitor.store.ports import Archive

_log = getLogger(__name__)

LOOKED_BACK_MS = 600_000
TAKES_S = 2.0  # so long before the first word is due the room is looked into, at the latest
AGAIN_AFTER_S = 45.0  # a verdict goes by half a minute of trouble, and browsers post what they measured later
MOST_WAITING = 10  # looks; each takes some tenths of a second
_NO_ANSWER = (Cause.NOTHING, Cause.NOT_KNOWN)


class _Look(NamedTuple):
    at_s: float
    group: str
    room: str
    is_last: bool


class Suspicion:
    """Looks into the rooms of groups, each of which is about one room.

    Args:
        archive: the calls on record.
        live: those that go on.
        inquiry: finds whose fault something was.
        now_s: the time.
        on_found: told of each group of which there is something new to say.
    """

    def __init__(
        self,
        archive: Archive,
        live: Live,
        inquiry: Inquiry,
        now_s: Callable[[], float],
        on_found: Callable[[str], None],
    ) -> None:
        self._archive = archive
        self._live = live
        self._inquiry = inquiry
        self._now_s = now_s
        self._on_found = on_found
        self._looks: list[_Look] = []
        self._woken = asyncio.Event()
        self._found: dict[str, str] = {}  # by group; empty: it is looked into, or nothing was found

    def of(self, group: str) -> str:
        """Return what is behind a group, in a sentence, or nothing."""
        return self._found.get(group, "")

    def notice(self, judgement: Judgement) -> None:
        """Look into the room of each group that waits for its first word."""
        for group in judgement.groups:
            if not group.incident and group.waiting_since is not None and group.key not in self._found:
                self._look_into(group)
        for key in judgement.over:
            self._found.pop(key, None)

    async def run(self) -> None:
        """Look into one room after the other, until cancelled."""
        while True:
            self._woken.clear()
            if not self._looks or self._looks[0].at_s > self._now_s():
                await self._sleep()
                continue
            await self._look(heappop(self._looks))

    def _look_into(self, group: Group) -> None:
        room = group.labels.get("room", "")
        if room and len(self._looks) < MOST_WAITING:
            self._found[group.key] = ""
            first_s = self._now_s() + max(group.plan.group_wait_s - TAKES_S, 0.0)
            heappush(self._looks, _Look(first_s, group.key, room, is_last=False))
            self._woken.set()

    async def _sleep(self) -> None:
        timeout_s = max(self._looks[0].at_s - self._now_s(), 0.0) if self._looks else None
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()

    async def _look(self, look: _Look) -> None:
        if look.group not in self._found:
            return  # it is over
        try:
            sentence = await self._sentence(look.room)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page goes out, and the daemon lives
            _log.warning("nobody knows what is behind the trouble in %s: %s", look.room, type(error).__name__)
            return
        if look.group in self._found and sentence:
            self._found[look.group] = sentence
            self._on_found(look.group)
        elif not look.is_last:
            heappush(self._looks, look._replace(at_s=self._now_s() + AGAIN_AFTER_S, is_last=True))

    async def _sentence(self, asked: str) -> str:
        call = await call_on_record(self._archive, self._live, asked)
        if call is None:
            return ""
        now_ms = int(self._now_s() * 1000)
        verdict = (await self._inquiry.look_into(call.room, (now_ms - LOOKED_BACK_MS, now_ms))).verdict
        return "" if verdict.cause in _NO_ANSWER else verdict.sentence
