"""How do replicas know of polls that another one makes?  By a row for each account."""

from collections.abc import Mapping, Sequence

import msgspec

from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.shared import PollState

_decode = msgspec.json.Decoder(list[PollState]).decode
_SAY = """
INSERT INTO poll_states (account_sid, body) VALUES ($1, $2)
ON CONFLICT (account_sid) DO UPDATE SET body = excluded.body
"""


class PostgresPollStates:
    """How it goes with polls, on PostgreSQL (`monitor.store.shared.PollStates`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def say(self, account_sid: str, states: Sequence[PollState]) -> None:
        """Say how it goes with an account."""
        body = msgspec.json.encode(states)

        async def say(connection: Connection) -> None:
            await connection.execute(_SAY, account_sid, body)

        await self._database.write(say)

    async def all(self) -> Mapping[str, Sequence[PollState]]:
        """Return how it goes, by account."""
        rows = await self._database.read("SELECT account_sid, body FROM poll_states")
        return {account_sid: _decode(body) for account_sid, body in rows}
