"""Which silences are there now?

The daemon asks about every alert it might tell of, so all that are not over are held in memory, and the active ones
are arranged anew only when one begins, ends, is added or is expired.  What changes is written first and believed
afterwards; then whoever decides who is told is woken, by `on_change`, and when a silence begins or ends by itself they
look again by `next_change`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from alerts.matchers import Matcher
from alerts.ports import SilenceStore
from alerts.silences import ActiveSilences, Silence, build_silence, check_room_for_another, next_change


class Silences:
    """The silences of a daemon, or of a command that stands in for one."""

    def __init__(
        self, store: SilenceStore, now_s: Callable[[], float], on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._now_s = now_s
        self._on_change = on_change
        self._standing: dict[str, Silence] = {}
        self._active = ActiveSilences((), 0.0)
        self._active_until: float | None = None  # when that has to be arranged anew, if nobody changes anything
        self._turn = asyncio.Lock()  # of those who change something

    async def load(self) -> None:
        """Take over what is stored."""
        async with self._turn:
            stored = {each.id: each for each in await self._store.standing_silences(self._now_s())}
            is_news, self._standing = stored != self._standing, stored
            self._arrange(self._now_s())
            if is_news:
                self._on_change()

    def all(self, now: float) -> tuple[Silence, ...]:
        """Return the silences that are not over, those that end first before others."""
        standing = [silence for silence in self._standing.values() if silence.ends_at > now]
        return tuple(sorted(standing, key=lambda silence: (silence.ends_at, silence.id)))

    async def history(self, limit: int) -> Sequence[Silence]:
        """Return at most so many silences, over or not, those that end last before others."""
        return await self._store.latest_silences(limit)

    async def get(self, silence_id: str) -> Silence | None:
        """Return a silence, over or not."""
        return self._standing.get(silence_id) or await self._store.silence(silence_id)

    def silencing(self, labels: Mapping[str, str], now: float) -> Silence | None:
        """Return what silences an alert with these labels, if anything does."""
        if self._active_until is not None and now >= self._active_until:
            self._arrange(now)
        return self._active.silencing(labels)

    def next_change(self, now: float) -> float | None:
        """Return when a silence begins or ends by itself next."""
        return next_change(self._standing.values(), now)

    async def add(
        self, matchers: Sequence[Matcher], *, starts_at: float | None, ends_at: float, author: str, reason: str
    ) -> Silence:
        """Silence what the matchers agree with; from now on, where no beginning is given.

        Raises:
            SilenceError: nobody can have meant that, or there are too many already.
            StoreFailed: nothing was changed.
        """
        async with self._turn:
            now = self._now_s()
            starts_at = now if starts_at is None else starts_at
            silence = build_silence(
                matchers, starts_at=starts_at, ends_at=ends_at, author=author, reason=reason, now=now
            )
            check_room_for_another(self._standing.values(), now)
            await self._make_true(silence, now)
        return silence

    async def expire(self, silence_id: str, by: str) -> Silence | None:
        """End a silence now and return it as it is then, or None: there is no such one.  What is over stays so.

        Raises:
            SilenceError: nobody says who ends it.
            StoreFailed: nothing was changed.
        """
        async with self._turn:
            now, silence = self._now_s(), await self.get(silence_id)
            if silence is None:
                return None
            expired = silence.expired(now, by)
            if expired != silence:
                await self._make_true(expired, now)
        return expired

    async def _make_true(self, silence: Silence, now: float) -> None:
        await self._store.put_silence(silence)
        self._standing[silence.id] = silence
        self._arrange(now)
        self._on_change()

    def _arrange(self, now: float) -> None:
        self._standing = {each.id: each for each in self._standing.values() if each.ends_at > now}
        self._active = ActiveSilences(self._standing.values(), now)
        self._active_until = next_change(self._standing.values(), now)
