"""What is done when somebody says that they look after an incident, or when nobody was reached?

Words come by many ways: a button in Slack, an event of PagerDuty's, a text message, a digit during a call, a link, the
API, the command line.  They name an incident by its id, by the key that a receiver knows it by, or by the code that
people type.  Whichever it was, the same is done, and what was done already is done no second time.

Words may also come late and shuffled, since services repeat what they could not deliver.  A word that is older than the
last one by the same way, as that way's own clock has it, is overtaken.

An incident that was closed by hand at a pager goes on here for as long as what is wrong does, and counts as
acknowledged.  What a pager closes by itself, without naming anybody, counts as nothing: nobody has looked.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from logging import getLogger
from typing import Protocol

from alerts.acknowledgement import API, COMMAND, SMS, Acknowledgement, Closure, Withdrawal, Word, in_words, said_by
from alerts.fingerprint import dedup_key_of
from alerts.group_book import Grouped
from alerts.groups import Groups
from alerts.model import Group
from alerts.notifiers.base import Notifier
from alerts.notifiers.twilio import OfPhone
from alerts.receipts import Receipt
from alerts.reply_codes import incident_meant
from monitor.metrics import Metrics
from monitor.recent import Recent
from monitor.store.ports import Receipts

_log = getLogger(__name__)

AT_OUR_DOOR = (API, COMMAND)
WrittenDown = Callable[[str, str, str], AbstractAsyncContextManager[None]]  # of whom, by which way, what they do

INCIDENTS_REMEMBERED = 1_000  # the latest, for words that have been overtaken


class Deeds(Protocol):
    """Who does to incidents what people want done."""

    @property
    def groups(self) -> Groups:
        """Return the groups that there are."""

    async def do(self, deed: Callable[[float], Grouped | None]) -> bool:
        """Do it, and say whether that changed anything.

        Raises:
            StoreFailed: nothing was done.
        """


class Listener(Protocol):
    """Who hears what people and receivers say of incidents."""

    async def hear(self, word: Word) -> str | None:
        """Do what a word means, and return in a sentence which open incident it is about, None if about none.

        Raises:
            StoreFailed: nothing was done.
        """

    async def acknowledge(self, acknowledgement: Acknowledgement) -> str | None:
        """Take an acknowledgement, and return in a sentence what was acknowledged, None if nothing was meant.

        Raises:
            StoreFailed: nothing was done.
        """

    async def receive(self, notification_id: str, receipt: Receipt) -> None:
        """Take note of what became of a notification, and tell the next if it reached nobody.

        Raises:
            StoreFailed: it was not kept.
        """


class Acknowledging:
    """Makes true what people and receivers say of incidents (`monitor.http.receipts.ReceiptKeeper`)."""

    def __init__(
        self,
        deeds: Deeds,
        receipts: Receipts,
        notifiers: Callable[[], Mapping[str, Notifier]],
        metrics: Metrics,
        now_s: Callable[[], float],
        written_down: WrittenDown = lambda *_: nullcontext(),
    ) -> None:
        self._written_down = written_down
        self._deeds = deeds
        self._receipts = receipts
        self._notifiers = notifiers
        self._metrics = metrics
        self._now_s = now_s
        self._heard: Recent[tuple[str, str], float] = Recent(INCIDENTS_REMEMBERED)

    async def hear(self, word: Word) -> str | None:
        """Do what a word means, and return in a sentence which open incident it is about, None if about none.

        Raises:
            StoreFailed: nothing was done.
        """
        group = self.meant(word)
        self._metrics.add("roomwatch_acknowledgements_total", word.via)
        if group is None:
            self._metrics.add("roomwatch_acknowledgements_missed_total", word.via)
            _log.info("what %s said %s is about no open incident", said_by(word), word.via)
            return None
        if not self._is_overtaken(group, word):
            await self._take(group, word)
            self._heard.put((group.incident, word.via), word.at)
        return self.summary_of(group.incident)

    def summary_of(self, incident_id: str) -> str | None:
        """Return in a sentence what an open incident is about."""
        incident = self._deeds.groups.incident(incident_id, self._now_s())
        return None if incident is None else incident.summary

    async def acknowledge(self, acknowledgement: Acknowledgement) -> str | None:
        """Take an acknowledgement, and return in a sentence what was acknowledged, None if nothing was meant.

        Raises:
            StoreFailed: nothing was done.
        """
        return await self.hear(acknowledgement)

    async def receive(self, notification_id: str, receipt: Receipt) -> None:
        """Take note of what became of a notification, and tell the next if it reached nobody.

        Raises:
            StoreFailed: it was not kept.
        """
        if receipt.is_final and not receipt.succeeded:
            await self._make_haste(notification_id, receipt)
        await self._receipts.add(notification_id, receipt)

    # --- which incident is meant ---

    def meant(self, word: Word) -> Group | None:
        """Return the open incident that a word is about, if it is about one."""
        groups = self._deeds.groups
        found = groups.open_incident(word.incident) or groups.known_by(word.dedup_key)
        return self._by_code(word) if found is None and word.via == SMS else found

    def _by_code(self, word: Word) -> Group | None:
        """Return what a reply means; whoever names nothing means the one incident that they have been told of."""
        groups = self._deeds.groups
        own = self._receivers_of(word.by)
        told = [group.incident for group in groups.open_incidents() if own & group.receivers.keys()]
        meant = incident_meant(word.incident, told)
        if meant is None and word.incident:
            meant = incident_meant(word.incident, [group.incident for group in groups.open_incidents()])
        return None if meant is None else groups.open_incident(meant)

    def _receivers_of(self, receiver: str) -> set[str]:
        """Return the receivers that have the same telephone number as one."""
        phones = {name: each.phone for name, each in self._notifiers().items() if isinstance(each, OfPhone)}
        return {name for name, phone in phones.items() if phone == phones.get(receiver)}

    # --- what is done ---

    def _is_overtaken(self, group: Group, word: Word) -> bool:
        before = self._heard.get((group.incident, word.via))
        return before is not None and word.at < before

    async def _take(self, group: Group, word: Word) -> None:
        words = "given back" if isinstance(word, Withdrawal) else in_words(word)
        done = await self._deed_written_down(group, word)
        if done:
            _log.info("incident %s: %s", group.incident, words)

    async def _deed_written_down(self, group: Group, word: Word) -> bool:
        if word.via in AT_OUR_DOOR:  # which has written it down already
            return await self._deed(group, word)
        did = "unacknowledge" if isinstance(word, Withdrawal) else "acknowledge"
        async with self._written_down(said_by(word), word.via, f"{did} {group.incident}"):
            return await self._deed(group, word)

    def _deed(self, group: Group, word: Word) -> Awaitable[bool]:
        do, groups, incident = self._deeds.do, self._deeds.groups, group.incident
        match word:
            case Withdrawal(by="") if group.acknowledged_via != word.via:
                return _nothing()  # an acknowledgement ran out there, and somebody has given another one elsewhere
            case Withdrawal():
                return do(lambda now: groups.unacknowledge(incident, now))
            case Closure(by=""):
                return _nothing()
            case _:
                by, how = said_by(word), in_words(word)
                return do(lambda now: groups.acknowledge(incident, by, now, word.via, how))

    async def _make_haste(self, notification_id: str, receipt: Receipt) -> None:
        key = dedup_key_of(notification_id)
        group = self._deeds.groups.known_by(key)
        known = await self._receipts.of(notification_id)
        if group is None or any(each.succeeded for each in known):
            return
        receiver = next((name for name, each in group.receivers.items() if each == key), "")
        if await self._deeds.do(lambda now: self._deeds.groups.hasten(group.incident, now, receiver)):
            _log.warning("incident %s: %s was not reached: %s", group.incident, receiver, receipt.status)


async def _nothing() -> bool:
    return False
