"""How is an account asked, when it is examined?

Through the same client as the daemon's for what a feature reads, and once by a plain request, since the client shows
neither the headers of an answer nor what a second key would come to.
"""

import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp

from collectors.rest.twilio import Observer, Twilio
from monitor.config import Config
from monitor.connection import connected
from monitor.doctor.judgement import Answer
from monitor.settings import Account


class Refusals(Observer):
    """Counts how often Twilio said that it is asked too much."""

    def __init__(self) -> None:
        self.count = 0

    def on_request(self, resource: str, code: str, seconds: float) -> None:  # noqa: ARG002 - an observer's signature
        """Take note of what a request came to."""
        self.count += code == "429"


@dataclass(frozen=True)
class Patient:
    """One account under examination."""

    account: Account
    config: Config
    http: aiohttp.ClientSession
    twilio: Twilio
    refusals: Refusals


class Key(NamedTuple):
    """Credentials, and what they are called in a report."""

    what: str
    username: str
    password: str


class Listed(NamedTuple):
    """What a plain request for a list of rooms came to, and how far our clock is ahead of the answer's, if it says."""

    answer: Answer
    skew_s: float | None = None


@asynccontextmanager
async def admitted(account: Account, config: Config) -> AsyncIterator[Patient]:
    """Connect to an account; the connections end with the block."""
    refusals = Refusals()
    client = connected(account, refusals, config.polling.timeout_s)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=config.polling.timeout_s)) as http:
            yield Patient(account, config, http, client, refusals)
    finally:
        await client.close()


def present_key(account: Account) -> Key:
    """Return what the daemon asks with."""
    return Key("credentials", *account.credentials())


def next_key(account: Account) -> Key | None:
    """Return the key that is to replace the present one, where one is configured."""
    following = account.next_credentials()
    return None if following is None else Key("next credentials", *following)


async def list_a_room(patient: Patient, key: Key) -> Listed:
    """Ask for the shortest list of rooms with a key."""
    address = f"{video_url(patient.account)}/v1/Rooms"
    authorization = "Basic " + b64encode(f"{key.username}:{key.password}".encode()).decode()
    started_s = time.time()
    try:
        async with patient.http.get(
            address, params={"PageSize": 1}, headers={"Authorization": authorization}
        ) as answer:
            await answer.read()
    except TimeoutError:
        return Listed(f"no answer in {patient.config.polling.timeout_s:g} s")
    except (aiohttp.ClientError, OSError) as error:
        return Listed(type(error).__name__)
    patient.refusals.on_request("rooms", str(answer.status), 0)
    return Listed(answer.status, _skew_s(answer.headers.get("Date", ""), (started_s + time.time()) / 2))


def video_url(account: Account) -> str:
    """Return where the account's Video API is; an edge without a region leads to us1, as in Twilio's own client."""
    if account.base_url:
        return account.base_url.rstrip("/")
    region = account.region or ("us1" if account.edge else "")
    return "https://" + ".".join(part for part in ("video", account.edge, region, "twilio.com") if part)


def _skew_s(date: str, now_s: float) -> float | None:
    try:
        told_s = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return now_s - (told_s + 0.5)  # the header leaves the fraction of the second out
