"""How does an account of the configuration become one that can be asked, for a command that asks only a little?"""

from collectors import twilio
from collectors.budget import TokenBucket
from collectors.twilio import Observer, Twilio
from monitor.settings import Account


def connected(account: Account, observer: Observer, timeout_s: float) -> Twilio:
    """Return the account with a client and a budget of its own; whoever asked for it closes it."""
    username, password = credentials(account)
    return twilio.connect(
        twilio.Credentials(account.account_sid, username, password),
        TokenBucket(account.requests_per_s, account.burst_requests),
        observer,
        timeout_s=timeout_s,
        base_url=account.base_url,
        region=account.region,
        edge=account.edge,
    )


def credentials(account: Account) -> tuple[str, str]:
    """Return what the account is asked with: its API key, or its own SID and auth token."""
    if account.api_key is not None and account.api_secret is not None:
        return account.api_key, account.api_secret.get_secret_value()
    return account.account_sid, account.auth_token.get_secret_value() if account.auth_token else ""
