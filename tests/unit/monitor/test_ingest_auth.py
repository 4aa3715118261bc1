"""What a token lets its bearer say, and of which room.  Times are given, so every row is at its very edge."""

from typing import Any

import pytest

from collectors.observations import TelemetryBatch
from monitor.http.ingest_auth import LEEWAY_S, Forbidden, Grant, IngestAuthority, Unauthorised, check
from monitor.http.origins import AllowedOrigins
from monitor.settings import Account, IngestKey
from tests.builders import ACCOUNT, API_KEY, API_SECRET, INGEST_KEY, ROOM, access_token, batch

NOW_S, GRACE_S = 1_800_000_000.0, 3600.0
NEXT_KEY, NEXT_SECRET, SIGNING_KEY, SIGNING_SECRET = "SK" + "b" * 32, "n" * 32, "SK" + "c" * 32, "g" * 32
NAME, OTHER_NAME, OTHER_ROOM = "acme:class:1", "acme:class:2", "RM" + "b" * 32
VIDEO = {"room": NAME}

account = Account(
    account_sid=ACCOUNT,
    api_key=API_KEY,
    api_secret=API_SECRET,
    next_api_key=NEXT_KEY,
    next_api_secret=NEXT_SECRET,
    signing_keys=({"api_key": SIGNING_KEY, "api_secret": SIGNING_SECRET},),
)


def granted(*, now_s: float = NOW_S, **given: Any) -> Grant:
    given = {"exp": int(NOW_S) + 60, **given}
    return IngestAuthority([account], [], GRACE_S).grant(access_token(**given), now_s)


@pytest.mark.parametrize(
    ("iss", "secret"), [(API_KEY, API_SECRET), (NEXT_KEY, NEXT_SECRET), (SIGNING_KEY, SIGNING_SECRET)]
)
def test_any_key_of_the_account_may_have_signed(iss: str, secret: str) -> None:
    assert granted(iss=iss, secret=secret) == Grant("alice", NAME, NOW_S + 60 + GRACE_S, ACCOUNT, granted().origins)


@pytest.mark.parametrize(
    "given",
    [
        {"secret": NEXT_SECRET},
        {"iss": "SK" + "f" * 32},
        {"sub": "AC" + "f" * 32},
        {"header": {"cty": "twilio-fpa;v=2"}},
        {"header": {"cty": ""}},
        {"exp": int(NOW_S - GRACE_S)},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": None},
        {"nbf": int(NOW_S + LEEWAY_S) + 1},
        {"nbf": "yesterday"},
        {"grants": None},
        {"grants": {"identity": "alice"}},
        {"grants": {"video": VIDEO}},
        {"grants": {"identity": "", "video": VIDEO}},
        {"grants": {"identity": 7, "video": VIDEO}},
        {"grants": {"identity": "alice", "video": None}},
        {"grants": {"identity": "alice", "video": {"room": 7}}},
    ],
    ids=str,
)
def test_a_token_that_twilio_would_not_take_proves_nothing(given: dict[str, Any]) -> None:
    with pytest.raises(Unauthorised):
        granted(**given)


def test_a_token_is_good_from_its_beginning_to_its_end_and_some_grace() -> None:
    assert granted(exp=int(NOW_S - GRACE_S) + 1)
    assert granted(nbf=int(NOW_S + LEEWAY_S))
    assert granted(nbf=int(NOW_S) - 10)


def test_a_token_that_was_good_once_is_not_good_for_ever() -> None:
    authority, token = IngestAuthority([account], [], GRACE_S), access_token(exp=int(NOW_S))
    authority.grant(token, NOW_S)
    with pytest.raises(Unauthorised, match="ended less than 3600 s ago"):
        authority.grant(token, NOW_S + GRACE_S)


def test_a_token_without_a_room_is_for_any() -> None:
    assert granted(grants={"identity": "alice", "video": {}}).room is None
    assert granted(grants={"identity": "alice", "video": {"room": ""}}).room is None


def test_a_key_brings_the_origins_that_go_with_it() -> None:
    shop, own = AllowedOrigins(["https://shop"]), ("https://own",)
    keys = [IngestKey(name="one", key=INGEST_KEY), IngestKey(name="two", key="x" * 16, allowed_origins=own)]
    authority = IngestAuthority([account], keys, GRACE_S, shop)
    assert authority.grant(INGEST_KEY, NOW_S).origins is shop
    assert authority.grant("x" * 16, NOW_S).origins.allow("https://own")
    assert not authority.grant("x" * 16, NOW_S).origins.allow("https://shop")
    assert authority.grant(access_token(exp=int(NOW_S)), NOW_S).origins is shop


# --- rooms ---


class Known:
    """One room is known, by its SID and by its name."""

    def name_of(self, room_sid: str | None) -> str | None:
        return {OTHER_ROOM: OTHER_NAME}.get(room_sid or "")

    def sid_of(self, room_name: str | None) -> str | None:
        return {OTHER_NAME: OTHER_ROOM}.get(room_name or "")


def said(room_sid: str | None, room_name: str | None, identity: str | None = "alice") -> TelemetryBatch:
    return batch(room_sid=room_sid, room_name=room_name, identity=identity)


def may(room: str | None, post: TelemetryBatch) -> bool:
    try:
        check(Grant("alice", room, NOW_S), post, Known())
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("room", "room_sid", "room_name", "allowed"),
    [
        (NAME, None, NAME, True),
        (NAME, ROOM, NAME, True),  # nobody has told of that SID yet
        (NAME, ROOM, None, False),
        (NAME, ROOM, OTHER_NAME, False),
        (NAME, None, OTHER_NAME, False),
        (NAME, OTHER_ROOM, NAME, False),  # it is known under another name
        (NAME, OTHER_ROOM, None, False),
        (OTHER_NAME, OTHER_ROOM, None, True),
        (OTHER_NAME, OTHER_ROOM, OTHER_NAME, True),
        (ROOM, ROOM, None, True),
        (ROOM, ROOM, NAME, True),
        (ROOM, OTHER_ROOM, None, False),
        (ROOM, OTHER_ROOM, NAME, False),
        (ROOM, None, NAME, True),  # a name that nobody has told of yet
        (ROOM, None, OTHER_NAME, False),
        (OTHER_ROOM, None, OTHER_NAME, True),
        (ROOM, None, ROOM, True),  # a room without a name goes by its SID
        (None, OTHER_ROOM, NAME, True),
    ],
)
def test_a_room_may_go_by_its_name_or_by_its_sid(
    room: str | None, room_sid: str | None, room_name: str | None, *, allowed: bool
) -> None:
    assert may(room, said(room_sid, room_name)) is allowed


def test_nobody_speaks_for_another() -> None:
    assert may(NAME, said(None, NAME, identity=None))
    assert not may(NAME, said(None, NAME, identity="mallory"))
    assert not may(None, said(None, NAME, identity="mallory"))


def test_an_ingest_key_speaks_for_anybody_in_any_room() -> None:
    check(Grant(None, None, NOW_S), said(OTHER_ROOM, NAME, identity="mallory"), Known())
