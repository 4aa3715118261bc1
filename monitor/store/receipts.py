"""How are receipts kept?  One row for each status of each message or call, however often it is told."""

from collections.abc import Sequence

from alerts.receipts import Receipt
from monitor.store.database import Database


class SqliteReceipts:
    """Receipts on SQLite (`monitor.store.ports.Receipts`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, notification_id: str, receipt: Receipt) -> bool:
        """Keep a receipt, and say whether it is news."""
        statement = (
            "INSERT INTO receipts (notification, reference, status, at_s, is_final, succeeded, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        told = (receipt.reference, receipt.status, receipt.at, receipt.is_final, receipt.succeeded, receipt.detail)
        rows = await self._database.write(lambda writer: writer.execute(statement, (notification_id, *told)).rowcount)
        return rows > 0

    async def of(self, notification_id: str) -> Sequence[Receipt]:
        """Return what is known of a notification, oldest first."""
        rows = await self._database.read(
            "SELECT reference, status, is_final, succeeded, detail, at_s FROM receipts WHERE notification = ?"
            " ORDER BY at_s, reference, status",
            (notification_id,),
        )
        return [
            Receipt(reference, status, bool(is_final), bool(succeeded), detail, at_s)
            for reference, status, is_final, succeeded, detail, at_s in rows
        ]
