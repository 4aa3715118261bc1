"""What does an answer of Twilio's mean?

Two things at once: what it says to whoever asked (an answer, or a `CollectError` with a kind), and what it says about
asking again (an `Outcome`).  A redirect is an answer: that is how Twilio says where a media file is.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from collectors.base import CollectError
from collectors.rest.outcome import Outcome
from collectors.rest.retries import retry_after_s

WRONG_KEY_CODES = (None, 20003)  # a 401 with another code is about what the key may do, not about the key

_KINDS = {401: "auth", 403: "auth", 404: "not_found", 429: "throttled"}


class Answer(NamedTuple):
    """What Twilio answered."""

    status: int
    text: str
    headers: Mapping[str, str]


class Attempt(NamedTuple):
    """What sending a request once came to."""

    outcome: Outcome
    result: Answer | CollectError

    @property
    def retry_after_s(self) -> float | None:
        """The pause that Twilio asked for."""
        return self.result.retry_after_s if isinstance(self.result, CollectError) else None


def judged(resource: str, answer: Answer, now_s: float) -> Attempt:
    """Return what an answer means that came at `now_s`."""
    if 200 <= answer.status < 400:
        return Attempt(Outcome.ANSWERED, answer)
    code = error_code(answer.text)
    kind = "server" if answer.status >= 500 else _KINDS.get(answer.status, "refused")
    pause_s = retry_after_s(answer.headers, now_s) if answer.status in (429, 503) else None
    said = f"{resource}: expected 200, got {answer.status}" + (f" with code {code}" if code is not None else "")
    return Attempt(outcome_of(answer.status, code), CollectError(kind, said, retry_after_s=pause_s))


def outcome_of(status: int, code: int | None) -> Outcome:
    """Return what a status says about asking again; `code` is Twilio's own number in the body of an error."""
    if status == 401 and code in WRONG_KEY_CODES:
        return Outcome.UNAUTHORIZED
    if status == 429:
        return Outcome.THROTTLED
    return Outcome.SERVER if status >= 500 else Outcome.ANSWERED


def error_code(text: str) -> int | None:
    """Return Twilio's own number of an error, if the body has one."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None
