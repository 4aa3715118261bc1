"""Did Twilio send this, and for which account?

`X-Twilio-Signature` is an HMAC over the address that Twilio was told to call, and over what it sends: a form's fields
are a part of what is signed; of any other body the address carries the hash, as `?bodySHA256=…`; a GET has its fields
in the address and nothing beside.  There are two kinds of secret, and neither can stand in for the other:

* the account's auth token makes HMAC-SHA1.  That is what Twilio does unless told otherwise.
* a shared key that the account made for its webhooks makes HMAC-SHA256, and a header says so:
  `X-Twilio-Webhooks-Signature-Settings: key=…,algorithm=HMAC_SHA256`.  Without `algorithm=` it is the auth token again.

Nobody signs that header itself, so it may choose which kind of secret is tried, and nothing else: no shared key is ever
tried with SHA1, no auth token with SHA256, and an algorithm that is neither fits no secret.

Twilio is not consistent about ports: for its validator an address with the scheme's own port and one without are the
same.  It is about everything else, down to the last slash, so what counts is the address as the world knows it.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Protocol
from urllib.parse import parse_qs

from multidict import MultiDict
from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

Fields = Sequence[tuple[str, str]]


class Signer(Protocol):
    """An account as far as signatures are concerned: one that is watched, or one that pages are sent from."""

    @property
    def account_sid(self) -> str:
        """Return whose secrets these are."""

    def auth_tokens(self) -> list[str]:
        """Return the auth tokens that it may sign with."""

    def shared_keys(self) -> list[str]:
        """Return the shared keys that it may sign with."""


class Signatures:
    """The secrets of all accounts, and the public address that Twilio calls."""

    def __init__(self, accounts: Iterable[Signer], public_url: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._validators: dict[str, dict[str, list[RequestValidator]]] = {HMAC_SHA1: {}, HMAC_SHA256: {}}
        for account in accounts:
            for algorithm, secrets in ((HMAC_SHA1, account.auth_tokens()), (HMAC_SHA256, account.shared_keys())):
                self._validators[algorithm].setdefault(account.account_sid, []).extend(_validators(secrets))

    def signers(self, headers: Mapping[str, str], raw_path: str, fields: Fields = ()) -> frozenset[str]:
        """Return the accounts that signed `fields`, posted to `raw_path`; a GET has no fields but those in its path."""
        signature = headers.get(SIGNATURE_HEADER)
        if not signature:
            return frozenset()
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER, "")).upper()
        url, params = self._public_url + raw_path, MultiDict(fields)
        return frozenset(
            account_sid
            for account_sid, validators in self._validators.get(algorithm, {}).items()
            if any(_validates(validator, url, params, signature, algorithm) for validator in validators)
        )

    def signers_of_body(self, headers: Mapping[str, str], raw_path: str, body: bytes) -> frozenset[str]:
        """Return the accounts that signed `body`: its hash is in the path, and the path is what is signed.

        The hash is compared here, because the validator does it for text only and else waves the body through.
        """
        promised = parse_qs(raw_path.partition("?")[2]).get("bodySHA256", [""])
        if not hmac.compare_digest(promised[0].encode(errors="replace"), sha256(body).hexdigest().encode()):
            return frozenset()
        return self.signers(headers, raw_path)


def _validators(secrets: Iterable[str]) -> list[RequestValidator]:
    return [RequestValidator(secret) for secret in secrets]


def _validates(validator: RequestValidator, url: str, params: MultiDict[str], signature: str, algorithm: str) -> bool:
    try:
        return bool(validator.validate(url, params, signature, algorithm))
    except ValueError:  # an address that no text in UTF-8 could be, or that has no port where one should be
        return False
