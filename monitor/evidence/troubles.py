"""Was Twilio's REST API out of reach at the time?

What was told of it is when it began and when it ended, for each account.
"""

from collections.abc import Iterable

import msgspec

from collectors.events import AccountTrouble, Trouble
from monitor.store.ports import Happening

KINDS = ("account_trouble",)  # of happenings that tell of it

_decode = msgspec.json.Decoder(AccountTrouble).decode


def was_unreachable(happenings: Iterable[Happening], from_ms: int) -> bool:
    """Return whether it was, at any time from `from_ms` on, by what happened in order of time, also before that."""
    is_on: dict[str, bool] = {}
    for told in (_decode(each.body) for each in happenings):
        if told.trouble is Trouble.UNREACHABLE:
            if told.seen_at_ms >= from_ms:
                return True  # it begins, or has gone on until now
            is_on[told.account_sid] = told.is_on
    return any(is_on.values())
