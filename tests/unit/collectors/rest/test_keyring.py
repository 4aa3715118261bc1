from collectors.rest.keyring import Credentials, Keyring

OLD = Credentials("AC1", "SK1", "old s3cret")
NEW = Credentials("AC1", "SK2", "new s3cret")


def test_the_key_that_opened_last_is_tried_first() -> None:
    keyring = Keyring(OLD, NEW)
    assert keyring.in_order() == ["active", "next"]
    assert keyring.opened("next")
    assert keyring.in_order() == ["next", "active"]
    assert keyring.key("next") is NEW


def test_a_change_is_told_once() -> None:
    keyring = Keyring(OLD, NEW)
    assert [keyring.opened(name) for name in ("next", "next", "active")] == [True, False, True]


def test_there_need_not_be_a_next_key() -> None:
    assert Keyring(OLD).in_order() == ["active"]


def test_no_secret_is_shown() -> None:
    assert "s3cret" not in repr(OLD)
