"""What if links that show a call need not outlive the process?"""

from collections.abc import Callable, Sequence

from monitor.store.ports import Share


class MemoryShares:
    """Shared links in memory (`monitor.store.ports.ShareStore`)."""

    def __init__(self) -> None:
        self._shares: dict[str, Share] = {}

    async def add_share(self, share: Share) -> None:
        """Keep a link."""
        self._shares[share.id] = share

    async def share(self, token_hash: str, now_ms: int) -> Share | None:
        """Return the link whose token has this hash, if it is good."""
        return next((each for each in self._good(now_ms) if each.token_hash == token_hash), None)

    async def shares(self, now_ms: int, room_sid: str = "") -> Sequence[Share]:
        """Return the links that are good, of a room or of all, those that end last before others."""
        found = [each for each in self._good(now_ms) if room_sid in ("", each.room_sid)]
        return sorted(found, key=lambda each: (-each.expires_at_ms, each.id))

    async def end_share(self, share_id: str) -> bool:
        """End a link; return whether there was one."""
        return self._shares.pop(share_id, None) is not None

    def drop(self, is_over: Callable[[Share], bool]) -> int:
        """Drop the links that are over; return how many went."""
        over = [each.id for each in self._shares.values() if is_over(each)]
        for share_id in over:
            del self._shares[share_id]
        return len(over)

    def _good(self, now_ms: int) -> list[Share]:
        return [each for each in self._shares.values() if each.expires_at_ms > now_ms]
