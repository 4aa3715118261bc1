"""What is said where PostgreSQL, its driver or the network failed."""

import asyncpg
import pytest

from monitor.store.ports import StoreFailed, StoreFull
from monitor.store.postgres import texts
from monitor.store.postgres.errors import failed, is_connection_lost, is_to_be_repeated


def test_a_full_disk_is_told_from_other_failures() -> None:
    assert type(failed("here", "a", asyncpg.DiskFullError("no space left on device"))) is StoreFull
    assert type(failed("here", "a", asyncpg.OutOfMemoryError("out of memory"))) is StoreFailed


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (asyncpg.DiskFullError("no space left"), "here: expected a, got no space left (53100)"),
        (ConnectionRefusedError(111, "Connection refused"), "here: expected a, got Connection refused"),
        (TimeoutError(), "here: expected a, got TimeoutError"),
        (asyncpg.DataError("invalid: hunter2"), "here: expected a, got something that does not fit (DataError)"),
    ],
)
def test_an_error_says_what_was_expected_and_what_came_but_no_values(error: Exception, said: str) -> None:
    assert str(failed("here", "a", error)) == said


def test_what_was_in_the_way_of_another_transaction_is_repeated() -> None:
    assert is_to_be_repeated(asyncpg.DeadlockDetectedError("deadlock detected"))
    assert is_to_be_repeated(asyncpg.SerializationError("could not serialize"))
    assert not is_to_be_repeated(asyncpg.UniqueViolationError("duplicate key"))


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (asyncpg.AdminShutdownError("terminating connection"), True),
        (asyncpg.CannotConnectNowError("starting up"), True),
        (asyncpg.ReadOnlySQLTransactionError("read-only: a standby now"), True),
        (asyncpg.IdleInTransactionSessionTimeoutError("terminating connection"), True),
        (asyncpg.ConnectionDoesNotExistError("connection was closed"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (ConnectionResetError(104, "reset"), True),
        (asyncpg.UniqueViolationError("duplicate key"), False),
        (asyncpg.InterfaceError("the server expects 1 argument"), False),
    ],
)
def test_a_connection_of_which_nothing_can_come_is_known(error: Exception, is_lost: bool) -> None:
    assert is_connection_lost(error) is is_lost


@pytest.mark.parametrize("text", ["", "acme", "a\0b", "\ue000", "\0\ue0000\ue0001", "\ue000\ue000\0"])
def test_text_is_read_as_it_was_written_and_written_without_a_zero_character(text: str) -> None:
    assert texts.read(texts.written(text)) == text
    assert "\0" not in texts.written(text)
