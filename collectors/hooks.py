"""Which standing orders for compositions are there?

While a composition hook is enabled, every recorded room is to be composed when it ends, which is how one notices that a
composition never came to be.
"""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any

from collectors.base import Known
from collectors.events import Event, HookSeen, HooksListed, Source
from collectors.lists import PAGE_SIZE, Pages
from collectors.rest.twilio import Twilio
from collectors.soundness import sound


class CompositionHooks:
    """The composition hooks of one account, enabled or not (`collectors.base.Collector`)."""

    resource = "composition_hooks"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:  # noqa: ARG002 - the protocol's
        """Yield the hooks page by page, then that there are no others."""
        sids: list[str] = []
        first = self._twilio.video.composition_hooks.page_async(page_size=self._page_size)
        async for page in Pages(self.resource, first, partial(to_event, now_ms=now_ms)):
            sids += [hook.hook_sid for hook in page]
            yield page
        yield (HooksListed(now_ms, Source.POLL, self._twilio.account_sid, tuple(sorted(sids))),)


def to_event(hook: Any, now_ms: int) -> HookSeen:
    """Return what Twilio's composition hook object tells."""
    return sound(
        HookSeen(
            seen_at_ms=now_ms,
            source=Source.POLL,
            hook_sid=hook.sid,
            is_enabled=hook.enabled,
            account_sid=hook.account_sid,
            name=hook.friendly_name,
        )
    )
