"""What does it mean, that Twilio answered so?  Pure: measurements in, findings out."""

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urldefrag, urlsplit

from monitor.callback_address import RETRIES
from monitor.doctor.findings import Finding, fail, ok, warn
from monitor.naming import shortened

READS_PER_S = 80  # for the whole account, all keys together
ROOMS_AT_ONCE = 10_000
SKEW_WARN_S, SKEW_FAIL_S = 5.0, 60.0
NAMED_AT_MOST = 3

Answer = int | str  # an HTTP status, or in words why there is none


# --- the key ---------------------------------------------------------------------------------------------


def judge_credentials(what: str, username: str, answer: Answer) -> Finding:
    """Say whether the credentials open the account, by what a list of rooms was answered with."""
    who = f"the API key {shortened(username)}" if username.startswith("SK") else "the account's auth token"
    if isinstance(answer, str):
        return fail(what, f"Twilio could not be asked: {answer}", "check network, proxy and base_url")
    if 200 <= answer < 300:
        return ok(what, f"{who} opens the account")
    if answer == 401:
        return fail(what, f"{who} is refused (401)", "check SID and secret, and whether the key was revoked")
    if answer == 403:
        return fail(what, f"{who} is known but may not list rooms (403)", "give the key the permission to read Video")
    if answer == 429:
        return warn(what, "Twilio is asked too often just now (429)", "try again; see which application asks so much")
    return fail(what, f"a list of rooms was answered {answer}", "check base_url, region and edge; try again")


def judge_scope(what: str, kind: str | None, missing_without: str) -> Finding:
    """Say what a key that may not read a resource costs; `kind` is the kind of the error, None for an answer."""
    if kind is None:
        return ok(f"reading {what}", "is allowed")
    if kind == "auth":
        found = f"is not allowed to this key, so there are no {missing_without}"
        return warn(f"reading {what}", found, "give it the permission")
    return warn(f"reading {what}", f"failed ({kind}), so it is not known whether it is allowed", "try again")


# --- the clock -------------------------------------------------------------------------------------------


def judge_skew(skew_s: float | None) -> Finding:
    """Say whether our clock agrees with Twilio's; positive means that ours is ahead."""
    what, remedy = "clock", "let NTP set the clock of this host: tokens and times of events depend on it"
    if skew_s is None:
        return warn(what, "Twilio's answer had no readable Date, so the clock was not compared", "try again")
    found = f"{abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} Twilio's"
    if abs(skew_s) > SKEW_FAIL_S:
        return fail(what, found, remedy)
    return warn(what, found, remedy) if abs(skew_s) > SKEW_WARN_S else ok(what, f"within {SKEW_WARN_S:g} s of Twilio's")


# --- the quota -------------------------------------------------------------------------------------------


def judge_rate(requests_per_s: float) -> Finding:
    """Say whether the declared budget leaves the account's other applications something."""
    what, found = "budget", f"{requests_per_s:g} of the account's {READS_PER_S} reads a second"
    if requests_per_s > READS_PER_S:
        return fail(what, found, "lower requests_per_s: Twilio refuses the rest")
    if requests_per_s > READS_PER_S / 2:
        return warn(what, found, "lower requests_per_s: your own application needs some")
    return ok(what, found)


def judge_throttling(answers_429: int) -> Finding:
    """Say whether Twilio refused any of the examination's own requests."""
    if answers_429:
        found = f"{answers_429} of these few requests were refused (429)"
        return warn("throttling", found, "see which application asks so much, or lower requests_per_s")
    return ok("throttling", "none of these requests was refused")


def judge_live_rooms(count: int) -> Finding:
    """Say how near the account is to the rooms that it may have at once."""
    found = f"{count} in progress, of {ROOMS_AT_ONCE} at once unless Twilio agreed to more"
    if count >= 0.7 * ROOMS_AT_ONCE:
        return warn("live rooms", found, "ask Twilio for a larger quota, and complete rooms that nobody needs")
    return ok("live rooms", found)


# --- the callbacks ---------------------------------------------------------------------------------------


def judge_public_url(url: str, *, is_simulated: bool) -> Finding:
    """Say whether Twilio can reach the public address at all."""
    what = "public.url"
    if not url:
        return warn(what, "is not set, so Twilio has nowhere to call", "set it to the https address of the proxy")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return fail(what, f"expected https://HOST, got {_without_userinfo(url)}", "correct it")
    if parts.query or parts.fragment:
        return fail(what, "has a ? or # part, over which signatures cannot agree", "leave that part out")
    if not is_public(parts.hostname):
        found = f"{parts.hostname} is not reachable from outside"
        return (
            ok(what, f"{found}, which is enough for a simulator")
            if is_simulated
            else fail(what, found, "set it to the address of a proxy that Twilio can reach")
        )
    if parts.scheme == "http":
        return warn(what, f"{parts.hostname} is called in the clear", "put TLS in front: identities are in callbacks")
    return ok(what, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def is_public(host: str) -> bool:
    """Whether an address may be reachable from outside, as far as it shows."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost"))


def judge_delivery(answer: Answer, address: str) -> Finding:
    """Say whether a callback that is signed as Twilio signs arrives."""
    what = "callback"
    if answer == 204:
        return ok(what, "a signed one is taken", f"give Twilio {address}{RETRIES}, so that it repeats what failed")
    if isinstance(answer, str):
        return fail(what, f"nobody answers at {address}: {answer}", "start the daemon, and check proxy and certificate")
    if answer == 403:
        remedy = "check that the daemon has the same public.url and auth_token, and that no proxy changes the path"
        return fail(what, "a signed one is refused (403)", remedy)
    if answer == 503:
        return warn(what, "the daemon is behind (503)", "see docs/runbooks/RoomwatchPipelineBehind.md")
    found = f"{address} answered {answer} instead of 204"
    return fail(what, found, "check that the proxy leads to the daemon's public listener")


def judge_forgery(answer: Answer) -> Finding:
    """Say whether a callback with a wrong signature is kept out."""
    what = "forged callback"
    if answer == 403:
        return ok(what, "is refused")
    if isinstance(answer, int) and 200 <= answer < 300:
        return fail(what, f"is taken ({answer})", "find out what answers there: it is not this daemon")
    return warn(what, f"is not answered 403 but: {answer}", "see the line above")


def judge_room_callbacks(callbacks: Sequence[str | None], address: str) -> Finding:
    """Say whether the rooms that are live now call back here."""
    what = "rooms' callbacks"
    ad_hoc = "for ad-hoc rooms, which an SDK's connect makes, in the console's room settings"
    remedy = f"give {address}{RETRIES} as StatusCallback when rooms are created, and {ad_hoc}"
    if not callbacks:
        return ok(what, "no room is live that would show where they go", remedy)
    silent = sum(callback is None for callback in callbacks)
    astray = sum(callback is not None and not _leads_to(callback, address) for callback in callbacks)
    if silent or astray:
        found = f"of {len(callbacks)} live rooms {silent} have no callback and {astray} call elsewhere"
        return warn(what, found, remedy)
    return _judge_retries(what, [callback for callback in callbacks if callback], f"{len(callbacks)} live rooms")


class Hook(NamedTuple):
    """A composition hook, as far as callbacks are concerned."""

    name: str
    is_enabled: bool
    callback: str | None


def judge_hooks(hooks: Sequence[Hook], address: str) -> Finding:
    """Say whether compositions that hooks make report here: only a callback tells why one failed."""
    what = "composition hooks"
    enabled = [hook for hook in hooks if hook.is_enabled]
    if not enabled:
        return ok(what, "none is enabled")
    wrong = [hook.name for hook in enabled if not _leads_to(hook.callback, address)]
    if wrong:
        named = ", ".join(wrong[:NAMED_AT_MOST]) + (" …" if len(wrong) > NAMED_AT_MOST else "")
        found = f"{len(wrong)} of {len(enabled)} enabled do not call back here: {named}"
        return warn(what, found, f"set their StatusCallback to {address}{RETRIES}, or failures come without a reason")
    return _judge_retries(what, [hook.callback for hook in enabled if hook.callback], f"{len(enabled)} enabled")


def _judge_retries(what: str, callbacks: Sequence[str], who: str) -> Finding:
    once = sum("rc=" not in urldefrag(callback).fragment for callback in callbacks)
    if once:
        return warn(what, f"{who} call back here, {once} without retries", f"append {RETRIES} to the address")
    return ok(what, f"{who} call back here, with retries")


def _leads_to(callback: str | None, address: str) -> bool:
    return callback is not None and urldefrag(callback).url == address


def _without_userinfo(url: str) -> str:
    return url.rpartition("@")[2][:60]
