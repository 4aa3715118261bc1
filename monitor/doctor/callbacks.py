"""Would a callback of Twilio's arrive, and would anybody else's be kept out?

Both are tried, from here, at the public address: one that is signed as Twilio signs, about an event that the daemon
does not know and therefore does not keep, and one with a signature that is wrong.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp
from twilio.request_validator import RequestValidator

from monitor.callback_address import callback_address
from monitor.doctor.findings import Finding, is_failed, warn
from monitor.doctor.judgement import Answer, judge_delivery, judge_forgery, judge_public_url
from monitor.doctor.patient import Patient
from monitor.settings import Public, is_loopback

EVENT = "roomwatch-doctor"
WRONG_SIGNATURE = "bm90IHNpZ25lZCBieSBUd2lsaW8="


async def check_callbacks(patient: Patient) -> list[Finding]:
    """Look at the public address, and call it as Twilio would."""
    account, public = patient.account, patient.config.public
    is_simulated = is_loopback(urlsplit(account.base_url).hostname or "")
    findings = [judge_public_url(public.url, is_simulated=is_simulated)]
    if is_failed(findings):
        return findings  # whatever answered at that address, Twilio would not get there
    tokens = account.auth_tokens()
    if not tokens:
        remedy = "configure auth_token, by which Twilio's callbacks are told from forgeries"
        return [*findings, warn("callback", "no auth_token, so every callback is refused; polling is alone", remedy)]
    return findings + await _round_trip(patient, callback_address(public_url(public)), tokens[0])


def public_url(public: Public) -> str:
    """Return the address over which signatures are made: the listener's own where no other is configured."""
    return public.url or f"http://{public.host}:{public.port}"


async def _round_trip(patient: Patient, address: str, token: str) -> list[Finding]:
    form = {
        "AccountSid": patient.account.account_sid,
        "StatusCallbackEvent": EVENT,
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    signed = await _post(patient, address, form, RequestValidator(token).compute_signature(address, form))
    if isinstance(signed, str):
        return [judge_delivery(signed, address)]  # nobody is there for a forgery either
    forged = await _post(patient, address, form, WRONG_SIGNATURE)
    return [judge_delivery(signed, address), judge_forgery(forged)]


async def _post(patient: Patient, address: str, form: Mapping[str, str], signature: str) -> Answer:
    headers = {"X-Twilio-Signature": signature}
    try:
        async with patient.http.post(address, data=form, headers=headers, allow_redirects=False) as answer:
            return answer.status
    except TimeoutError:
        return f"no answer in {patient.config.polling.timeout_s:g} s"
    except (aiohttp.ClientError, OSError) as error:
        return type(error).__name__
