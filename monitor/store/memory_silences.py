"""What if silences need not outlive the process?"""

from collections.abc import Sequence

from alerts.silences import Silence


class MemorySilences:
    """Silences in memory (`alerts.ports.SilenceStore`)."""

    def __init__(self) -> None:
        self._silences: dict[str, Silence] = {}

    async def put_silence(self, silence: Silence) -> None:
        """Keep a silence, in the place of what it was before."""
        self._silences[silence.id] = silence

    async def standing_silences(self, now: float) -> Sequence[Silence]:
        """Return the silences that are not over, those that end first before others."""
        return [silence for silence in self._by_end() if silence.ends_at > now]

    async def latest_silences(self, limit: int) -> Sequence[Silence]:
        """Return at most `limit` silences, over or not, those that end last before others."""
        return self._by_end()[::-1][:limit]

    async def silence(self, silence_id: str) -> Silence | None:
        """Return a silence, if it is on record."""
        return self._silences.get(silence_id)

    def drop_before(self, bound_s: float) -> int:
        """Drop what was over before."""
        kept = {key: silence for key, silence in self._silences.items() if silence.ends_at >= bound_s}
        dropped, self._silences = len(self._silences) - len(kept), kept
        return dropped

    def _by_end(self) -> list[Silence]:
        return sorted(self._silences.values(), key=lambda silence: (silence.ends_at, silence.id))
