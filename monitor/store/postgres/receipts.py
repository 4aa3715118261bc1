"""How are receipts kept?  One row for each status of each message or call, whichever replica is told of it."""

from collections.abc import Sequence

from alerts.receipts import Receipt
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database

# A repeat is written, too: only who writes waits for the standby, which may not have the first one yet.
_ADD = """
INSERT INTO receipts (notification, reference, status, at_s, is_final, succeeded, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (notification, reference, status) DO UPDATE SET detail = receipts.detail
RETURNING xmax = 0
"""


class PostgresReceipts:
    """Receipts on PostgreSQL (`monitor.store.ports.Receipts`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, notification_id: str, receipt: Receipt) -> bool:
        """Keep a receipt, and say whether it is news."""
        key = (notification_id, receipt.reference, receipt.status)
        told = (receipt.at, receipt.is_final, receipt.succeeded, receipt.detail)

        async def add(connection: Connection) -> bool:
            return bool(await connection.fetchval(_ADD, *key, *told))

        return await self._database.write(add)

    async def of(self, notification_id: str) -> Sequence[Receipt]:
        """Return what is known of a notification, oldest first."""
        rows = await self._database.read(
            "SELECT reference, status, is_final, succeeded, detail, at_s FROM receipts WHERE notification = $1"
            " ORDER BY at_s, reference, status",
            notification_id,
        )
        return [Receipt(*row) for row in rows]
