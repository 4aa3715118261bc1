"""What does it mean that PostgreSQL, its driver or the network failed?  Never with a secret."""

import asyncpg

from monitor.store.ports import StoreFailed, StoreFull

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)

_AGAIN = {"40001", "40P01"}  # could not be serialized, deadlock: from the beginning it may go well
_DISK_FULL = "53100"
_READ_ONLY = "25006"  # this server was the primary, and is no longer
_IDLE = "25P03"  # the server ended a transaction in which nothing came for long
_LOST = {"57P01", "57P02", "57P03", _READ_ONLY, _IDLE}  # of the first: it ends, it crashed, it does not serve yet


def is_to_be_repeated(error: BaseException) -> bool:
    """Whether the same transaction may go well when it is begun again."""
    # Another replica, of a newer version, may have migrated the schema meanwhile: the driver has forgotten the old one.
    is_outdated = isinstance(error, asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError)
    return is_outdated or getattr(error, "sqlstate", None) in _AGAIN


def is_connection_lost(error: BaseException) -> bool:
    """Whether nothing more can come of the connection, while another one may serve."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state.startswith("08") or state in _LOST
    return isinstance(error, OSError | TimeoutError | asyncpg.InternalClientError) or _is_closed(error)


def failed(where: str, expected: str, error: BaseException) -> StoreFailed:
    """Return what the house is told: what was expected, what came, and where."""
    kind = StoreFull if getattr(error, "sqlstate", None) == _DISK_FULL else StoreFailed
    return kind(f"{where}: expected {expected}, got {_said(error)}")


def _is_closed(error: BaseException) -> bool:
    # A connection that is lost goes back to its pool by itself.
    return isinstance(error, asyncpg.InterfaceError) and ("closed" in str(error) or "released" in str(error))


def _said(error: BaseException) -> str:
    """Return the words of an error without its details, which may quote what was to be written."""
    if isinstance(error, asyncpg.DataError | ValueError):
        return f"something that does not fit ({type(error).__name__})"
    words = str(error.args[0]) if error.args else ""
    if isinstance(error, OSError) and error.strerror:
        words = error.strerror
    state = getattr(error, "sqlstate", None)
    return f"{words or type(error).__name__}{f' ({state})' if state else ''}"
