"""Who receives people at the private door?

Tokens, sessions and proxies say who asks (`identification`); the guard lets them through or not; whoever asks too often
for what is costly waits.  Here they are put together, in the order in which a request meets them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from monitor import request_ids
from monitor.audit import Audit
from monitor.config import Config
from monitor.http import openapi, pages
from monitor.http.addresses import Addresses
from monitor.http.guard import Guard
from monitor.http.identification import Identification
from monitor.http.login import Login
from monitor.http.one_time import OneTime, Remembered, Shared
from monitor.http.passwords import Passwords
from monitor.http.problems import as_problems
from monitor.http.proxies import TrustedProxies
from monitor.http.read_limits import ReadLimits
from monitor.http.request_marks import marking
from monitor.http.sessions import COOKIE, Sessions
from monitor.http.tokens import Tokens
from monitor.metrics import Metrics
from monitor.store.ports import Store


class Reception(NamedTuple):
    """Those at the door.

    `tokens` are all that open it, and `once` those that do so once; `guards` are what a request goes through, the
    outermost first.
    """

    tokens: Tokens
    once: OneTime
    login: Login
    guards: Sequence[Any]
    close: Callable[[], None]


def reception(
    config: Config,
    store: Store,
    metrics: Metrics,
    now_s: Callable[[], float],
    *,
    users: Callable[[], Mapping[str, str]] = dict,
    is_https: bool = False,
) -> Reception:
    """Return who receives people, by a configuration.

    Args:
        config: says who may come in.
        store: knows who has logged in, and who changed what.
        metrics: where it is counted who was wrong.
        now_s: the time.
        users: returns who has a password, and its hash, at this moment.
        is_https: whether nobody gets here but by https.
    """
    private = config.private
    tokens = Tokens(private)
    sessions = Sessions(private, tokens, store.sessions, now_s, is_https=is_https)
    passwords, audit = Passwords(users, time.monotonic), Audit(store.audit, now_s, request_ids.current)
    addresses = Addresses(config.privacy.addresses)
    who = Identification(private, tokens, sessions, passwords, addresses, audit, metrics, now_s)
    logout_url = "" if private.proxy_login is None else private.proxy_login.logout_url
    once = Shared(store.sessions, private.session_hours * 3600, now_s) if config.cluster.is_told else Remembered()
    login = Login(once, sessions, who, audit, pages.built_files() / pages.LOGIN_PAGE, logout_url)
    limits = ReadLimits(
        private.costly_reads_per_minute, private.costly_reads_burst, openapi.costly(), time.monotonic, COOKIE
    )
    guard = Guard(private, who, login, audit)
    marks = marking(TrustedProxies(private.trusted_proxies, private.forwarded_by))
    return Reception(tokens, once, login, (marks, as_problems, guard.middleware, limits.middleware), passwords.close)
