"""How does a message reach a service that only Apprise speaks to?

Apprise waits while it works, so it works on threads of its own: a service that hangs keeps one of them busy, and not
the daemon.  It answers yes or no, and not why; after a no, and after no answer, nobody knows whether somebody heard.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from alerts.apprise_library import service_at
from alerts.delivery import TryAgain
from alerts.notifiers.base import AppriseMessage

THREADS = 4


class AppriseThreads:
    """Sends messages, a few at a time."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def send(self, message: AppriseMessage, timeout_s: float) -> TryAgain | None:
        """Return None once the service took the message, or why it is not known to have."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")
        try:
            async with asyncio.timeout(timeout_s):
                taken = await asyncio.get_running_loop().run_in_executor(self._threads, _notify, message)
        except TimeoutError:
            return TryAgain(f"no answer from {message.origin} within {timeout_s:g} s", ambiguous=True)
        except Exception as error:  # noqa: BLE001 - a hundred plugins fail in as many ways
            return TryAgain(f"{message.origin} failed: {type(error).__name__}", ambiguous=True)
        return None if taken else TryAgain(f"{message.origin} said no, and not why", ambiguous=True)

    def close(self) -> None:
        """Begin nothing more; what has begun ends by Apprise's own time limits."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def _notify(message: AppriseMessage) -> bool:
    service = service_at(message.url)
    return service is not None and bool(
        service.notify(body=message.body, title=message.title, notify_type=message.type)
    )
