"""How are the daemon's own secrets kept where nothing needs to outlive the process?"""


class MemorySecrets:
    """Secrets in memory (`monitor.store.ports.Secrets`)."""

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """Return the secret of a name: the one there is, or `fresh`, which it is from now on."""
        return self._secrets.setdefault(name, fresh)
