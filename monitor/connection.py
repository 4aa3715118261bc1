"""How does an account of the configuration become one that can be asked?"""

import time
from collections.abc import Callable

from collectors.rest import twilio
from collectors.rest.budget import Budget, Limits
from collectors.rest.exchange import Allowance
from collectors.rest.twilio import Credentials, Observer, Twilio
from monitor.settings import Account


def connected(
    account: Account,
    observer: Observer,
    timeout_s: float,
    now_s: Callable[[], float] = time.time,
    allowance: Allowance | None = None,
) -> Twilio:
    """Return the account with connections and a budget of its own; whoever asked for it closes it.

    Where others ask, too, an `allowance` says what all of them may.
    """
    following = account.next_credentials()
    return twilio.connect(
        Credentials(account.account_sid, *account.credentials()),
        Budget(Limits(account.requests_per_s, account.burst_requests)),
        observer,
        timeout_s=timeout_s,
        next_credentials=None if following is None else Credentials(account.account_sid, *following),
        base_url=account.base_url,
        region=account.region,
        edge=account.edge,
        now_s=now_s,
        allowance=allowance,
    )
