"""May a page of this origin post, and read what it is answered?

An `Origin` header is what a browser says of the page that sends; a page cannot change it.  That keeps the pages of
others from using a key that they read somewhere.  Whatever is not a browser writes what it likes there, or nothing, so
a post without an origin is let pass: to demand one would stop honest servers and apps, and nobody else.
"""

from collections.abc import Iterable


class AllowedOrigins:
    """The origins whose pages may post; `*` stands for any."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)
        self._is_any = "*" in self._origins

    def allow(self, origin: str) -> bool:
        """Whether a page of this origin may post."""
        return self._is_any or origin in self._origins

    def header(self, origin: str) -> str | None:
        """Return what `Access-Control-Allow-Origin` says to a page of this origin, or None."""
        if self._is_any:
            return "*"
        return origin if origin in self._origins else None


ANY_ORIGIN = AllowedOrigins(["*"])
