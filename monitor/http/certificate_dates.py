"""When does a certificate end?

The standard library tells that of the other side's certificate only, and of our own not at all.  A certificate is
nested pieces, each a tag, a length and its content (DER); its dates stand in the fifth piece of what is signed, or in
the fourth of an old one that does not say its version.  Pure.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
_FORMATS = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}


class NoCertificate(ValueError):
    """These bytes are no certificate, or one that is not understood."""


def not_after_s(der: bytes) -> float:
    """Return when a certificate ends, in seconds since the epoch.

    Raises:
        NoCertificate: it is none, or does not say.
    """
    try:
        certificate = _content(der, _SEQUENCE)
        fields = [each for each in _pieces(_content(certificate, _SEQUENCE)) if each[0] != _VERSION]
        _, (tag, end) = _pieces(fields[3][1])
        return datetime.strptime(end.decode("ascii"), _FORMATS[tag]).replace(tzinfo=UTC).timestamp()
    except (IndexError, KeyError, ValueError) as error:
        raise NoCertificate(f"expected a certificate, got {type(error).__name__}") from None


def _content(der: bytes, tag: int) -> bytes:
    found, content = next(_pieces(der), (None, b""))
    if found != tag:
        raise NoCertificate
    return content


def _pieces(der: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(der):
        start, length = at + 2, der[at + 1]
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[at + 2 : start], "big")
        if start + length > len(der):
            raise NoCertificate
        yield der[at], der[start : start + length]
        at = start + length
