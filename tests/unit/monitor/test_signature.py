"""What counts as signed by Twilio, and what only looks like it."""

from hashlib import sha256
from typing import Any

import pytest
from multidict import CIMultiDict
from twilio.request_validator import HMAC_SHA256, RequestValidator

from monitor.http.signature import Signatures
from monitor.settings import Account
from tests.builders import ACCOUNT, AUTH_TOKEN

PUBLIC_URL = "https://watch.example.com"
PATH = "/callbacks/twilio"
FIELDS = [("AccountSid", ACCOUNT), ("RoomSid", "RM1"), ("TrackName", "")]
SHARED_KEY = "a shared key of the account"
OTHER = "AC" + "b" * 32
OTHER_TOKEN = "another account's token"
SETTINGS = f"key=webhooks_sharedkey_1,algorithm={HMAC_SHA256}"
YES = frozenset({ACCOUNT})
NO: frozenset[str] = frozenset()


def signatures(public_url: str = PUBLIC_URL, **given: Any) -> Signatures:
    mine = {"account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "webhook_keys": [{"key": SHARED_KEY}], **given}
    other = {"account_sid": OTHER, "auth_token": OTHER_TOKEN}
    return Signatures([Account.model_validate(mine), Account.model_validate(other)], public_url)


def headers(
    url: str, fields: list[tuple[str, str]], *, secret: str = AUTH_TOKEN, algorithm: str = "", settings: str = ""
) -> CIMultiDict[str]:
    made = RequestValidator(secret).compute_signature(url, CIMultiDict(fields), algorithm or None)
    given = CIMultiDict({"X-Twilio-Signature": str(made)})
    if settings:
        given["x-twilio-webhooks-signature-settings"] = settings
    return given


def test_the_auth_token_signs_with_sha1_and_the_shared_key_with_sha256() -> None:
    url = PUBLIC_URL + PATH
    assert signatures().signers(headers(url, FIELDS), PATH, FIELDS) == YES
    by_key = headers(url, FIELDS, secret=SHARED_KEY, algorithm=HMAC_SHA256, settings=SETTINGS)
    assert signatures().signers(by_key, PATH, FIELDS) == YES


def test_each_of_several_shared_keys_is_accepted_during_a_rotation() -> None:
    keys = [{"key": "the key that is to come"}, {"key": SHARED_KEY}]
    by_key = headers(PUBLIC_URL + PATH, FIELDS, secret=SHARED_KEY, algorithm=HMAC_SHA256, settings=SETTINGS)
    assert signatures(webhook_keys=keys).signers(by_key, PATH, FIELDS) == YES


@pytest.mark.parametrize(
    ("secret", "algorithm", "settings"),
    [
        (AUTH_TOKEN, HMAC_SHA256, SETTINGS),  # the right token by the other algorithm
        (SHARED_KEY, "", ""),  # the right key by the other algorithm
        (SHARED_KEY, HMAC_SHA256, ""),  # nobody said SHA256
        (SHARED_KEY, "", SETTINGS),  # said SHA256, made with SHA1
        (SHARED_KEY, "", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1"),
        (SHARED_KEY, HMAC_SHA256, "key=webhooks_sharedkey_1"),
        (AUTH_TOKEN, "", "key=k,algorithm=HMAC_MD5"),
        (AUTH_TOKEN, "", "key=k,algorithm=none"),
    ],
)
def test_no_secret_is_accepted_with_the_algorithm_of_the_other_kind(secret: str, algorithm: str, settings: str) -> None:
    made = headers(PUBLIC_URL + PATH, FIELDS, secret=secret, algorithm=algorithm, settings=settings)
    assert signatures().signers(made, PATH, FIELDS) == NO


@pytest.mark.parametrize("settings", ["", "key=webhooks_sharedkey_1", "algorithm=", "nonsense", "algorithm=hmac_sha1"])
def test_settings_that_name_no_other_algorithm_mean_the_auth_token(settings: str) -> None:
    assert signatures().signers(headers(PUBLIC_URL + PATH, FIELDS, settings=settings), PATH, FIELDS) == YES


def test_without_a_signature_nobody_signed() -> None:
    assert signatures().signers(CIMultiDict(), PATH, FIELDS) == NO
    assert signatures().signers(CIMultiDict({"X-Twilio-Signature": ""}), PATH, FIELDS) == NO


def test_who_signed_is_told_and_not_who_is_named() -> None:
    by_other = headers(PUBLIC_URL + PATH, FIELDS, secret=OTHER_TOKEN)
    assert signatures().signers(by_other, PATH, FIELDS) == {OTHER}


def test_an_account_without_secrets_signs_nothing() -> None:
    lone = Account.model_validate({"account_sid": ACCOUNT, "api_key": "SK" + "a" * 32, "api_secret": "s"})
    unsigned = headers(PUBLIC_URL + PATH, FIELDS, secret="")
    assert Signatures([lone], PUBLIC_URL).signers(unsigned, PATH, FIELDS) == NO


@pytest.mark.parametrize(
    ("public_url", "signed_url", "expected"),
    [
        ("https://watch.example.com", "https://watch.example.com:443", YES),
        ("https://watch.example.com:443", "https://watch.example.com", YES),
        ("https://watch.example.com:8443", "https://watch.example.com:8443", YES),
        ("https://watch.example.com:8443", "https://watch.example.com", YES),  # so lax is Twilio's own validator
        ("https://watch.example.com", "https://watch.example.com:8443", NO),
        ("https://watch.example.com", "http://watch.example.com", NO),
        ("https://watch.example.com", "https://Watch.example.com", NO),
        ("https://watch.example.com/", "https://watch.example.com", YES),  # a slash too many in the configuration
    ],
)
def test_ports_are_forgiven_as_twilio_does_and_nothing_else(
    public_url: str, signed_url: str, expected: frozenset[str]
) -> None:
    assert signatures(public_url).signers(headers(signed_url + PATH, FIELDS), PATH, FIELDS) == expected


@pytest.mark.parametrize("path", [PATH + "/", PATH + "?a=1", "/callbacks/Twilio"])
def test_a_path_that_differs_by_a_slash_is_another_path(path: str) -> None:
    assert signatures().signers(headers(PUBLIC_URL + PATH, FIELDS), path, FIELDS) == NO
    assert signatures().signers(headers(PUBLIC_URL + path, FIELDS), path, FIELDS) == YES


def test_a_blank_value_is_part_of_what_is_signed() -> None:
    without_blank = [(name, value) for name, value in FIELDS if value]
    assert signatures().signers(headers(PUBLIC_URL + PATH, FIELDS), PATH, without_blank) == NO


def test_every_value_of_a_repeated_field_is_part_of_what_is_signed() -> None:
    twice = [*FIELDS, ("Codec", "VP8"), ("Codec", "H264")]
    made = headers(PUBLIC_URL + PATH, twice)
    assert signatures().signers(made, PATH, twice) == YES
    assert signatures().signers(made, PATH, twice[:-1]) == NO


def test_a_body_is_signed_by_its_hash_in_the_path() -> None:
    body = '[{"type": "größer"}]'.encode()
    path = f"{PATH}?bodySHA256={sha256(body).hexdigest()}"
    made = headers(PUBLIC_URL + path, [])
    assert signatures().signers_of_body(made, path, body) == YES
    assert signatures().signers_of_body(made, path, body + b" ") == NO
    assert signatures().signers_of_body(made, path, b"\xff\xfe") == NO
    by_key = headers(PUBLIC_URL + path, [], secret=SHARED_KEY, algorithm=HMAC_SHA256, settings=SETTINGS)
    assert signatures().signers_of_body(by_key, path, body) == YES


@pytest.mark.parametrize("query", ["", "?", "?bodySHA256=", "?bodySHA256=%FF%FE", "?bodysha256=abc", "?bodySHA256=ü"])
def test_a_body_whose_hash_is_not_in_the_path_is_not_signed(query: str) -> None:
    path = PATH + query
    assert signatures().signers_of_body(headers(PUBLIC_URL + path, []), path, b"[]") == NO


def test_a_hash_in_the_path_does_not_stand_for_the_fields_of_a_form() -> None:
    path = f"{PATH}?bodySHA256={sha256(b'x=1').hexdigest()}"
    made = headers(PUBLIC_URL + path, [])
    assert signatures().signers(made, path, FIELDS) == NO


@pytest.mark.parametrize("path", ["/callbacks/twilio?\udcff", "//[", "http://elsewhere/"])
def test_an_odd_path_is_not_signed_and_raises_nothing(path: str) -> None:
    made = headers(PUBLIC_URL + PATH, FIELDS)
    assert signatures().signers(made, path, FIELDS) == NO
    assert signatures().signers_of_body(made, path, b"") == NO


def test_a_shared_key_may_come_from_a_file_and_is_never_shown(tmp_path: Any) -> None:
    (tmp_path / "key").write_text(SHARED_KEY + "\n")
    given = {"account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "webhook_keys": [{"key_file": str(tmp_path / "key")}]}
    account = Account.model_validate(given)
    assert account.shared_keys() == [SHARED_KEY]
    assert SHARED_KEY not in repr(account)
