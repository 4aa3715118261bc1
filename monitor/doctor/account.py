"""Is all well between one Twilio account and this configuration?

One request for each question.  Whoever is not let in with the first one is not asked the others: they would all fail
for the same reason.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any

from collectors.base import CollectError
from collectors.rest.twilio import Twilio, understood
from monitor.callback_address import callback_address
from monitor.config import Config
from monitor.doctor.callbacks import check_callbacks, public_url
from monitor.doctor.findings import Finding, is_failed, warn
from monitor.doctor.judgement import (
    ROOMS_AT_ONCE,
    Hook,
    judge_credentials,
    judge_hooks,
    judge_live_rooms,
    judge_rate,
    judge_room_callbacks,
    judge_scope,
    judge_skew,
    judge_throttling,
)
from monitor.doctor.patient import Patient, admitted, list_a_room, next_key, present_key
from monitor.naming import shortened
from monitor.settings import Account

PATIENCE_S = 60.0  # for one question, with all that the client waits and repeats on its own

_Check = Callable[[Patient], Awaitable[list[Finding]]]

# What may be read: its name, how it is asked for at the least cost, and what there is not without it.
_SCOPE: Sequence[tuple[str, Callable[[Twilio], Any], str]] = (
    ("compositions", lambda twilio: twilio.video.compositions, "alerts on stuck and failed compositions"),
    ("composition hooks", lambda twilio: twilio.video.composition_hooks, "warnings of compositions never made"),
    ("recordings", lambda twilio: twilio.video.recordings, "alerts on failed recordings"),
    ("insights", lambda twilio: twilio.client.insights.v1.rooms, "summaries of ended rooms and stays"),
    ("usage records", lambda twilio: twilio.client.api.v2010.account.usage.records, "figures of usage and cost"),
)


async def check_accounts(config: Config) -> list[Finding]:
    """Examine every account of the configuration."""
    if not config.accounts:
        nothing = "none is configured: neither polling nor callbacks"
        return [warn("accounts", nothing, "add [[accounts]] or set TWILIO_ACCOUNT_SID")._replace(about="roomwatch")]
    return list(chain.from_iterable([await _examined(account, config) for account in config.accounts]))


async def _examined(account: Account, config: Config) -> list[Finding]:
    findings: list[Finding] = []
    async with admitted(account, config) as patient:
        findings += await check_credentials(patient)
        let_in = not is_failed(findings[:1])
        checks: Sequence[_Check] = (*(_ASKING if let_in else ()), check_callbacks, check_quota)
        for check in checks:
            findings += await check(patient)
    return [finding._replace(about=shortened(account.account_sid)) for finding in findings]


async def check_credentials(patient: Patient) -> list[Finding]:
    """See whether the keys open the account, and compare the clocks while at it."""
    key, following = present_key(patient.account), next_key(patient.account)
    listed = await list_a_room(patient, key)
    findings = [judge_credentials(key.what, key.username, listed.answer)]
    if following is not None:
        answer = (await list_a_room(patient, following)).answer
        findings.append(judge_credentials(following.what, following.username, answer))
    if not isinstance(listed.answer, str):
        findings.append(judge_skew(listed.skew_s))
    return findings


async def check_scope(patient: Patient) -> list[Finding]:
    """See what the key may read."""
    return [
        judge_scope(what, await _kind_of_refusal(what, resource(patient.twilio)), missing_without)
        for what, resource, missing_without in _SCOPE
    ]


async def _kind_of_refusal(what: str, resource: Any) -> str | None:
    """Return the kind of the error that the shortest list comes to, or None where it comes."""
    try:
        await _listed(what, resource, page_size=1, limit=1)
    except CollectError as error:
        return error.kind
    return None


async def check_rooms(patient: Patient) -> list[Finding]:
    """Count the live rooms, and see where they call back."""
    try:
        rooms = await _listed(
            "rooms", patient.twilio.video.rooms, status="in-progress", page_size=1000, limit=ROOMS_AT_ONCE
        )
    except CollectError as error:
        return [warn("live rooms", f"could not be listed: {error}", "try again")]
    address = callback_address(public_url(patient.config.public))
    return [
        judge_live_rooms(len(rooms)),
        judge_room_callbacks([room.status_callback or None for room in rooms], address),
    ]


async def check_hooks(patient: Patient) -> list[Finding]:
    """See where the compositions that hooks make will report."""
    try:
        hooks = await _listed("composition hooks", patient.twilio.video.composition_hooks, page_size=100, limit=1000)
    except CollectError:
        return []  # the scope has said so
    seen = [Hook(hook.friendly_name, bool(hook.enabled), hook.status_callback or None) for hook in hooks]
    return [judge_hooks(seen, callback_address(public_url(patient.config.public)))]


async def check_quota(patient: Patient) -> list[Finding]:
    """Weigh the budget, and tell whether any of the requests before was one too many."""
    return [judge_rate(patient.account.requests_per_s), judge_throttling(patient.refusals.count)]


_ASKING: Sequence[_Check] = (check_scope, check_rooms, check_hooks)


async def _listed(what: str, resource: Any, **options: Any) -> list[Any]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            with understood(what):
                return list(await resource.list_async(**options))
    except TimeoutError:
        raise CollectError("timeout", f"{what}: expected an answer in {PATIENCE_S:g} s") from None
