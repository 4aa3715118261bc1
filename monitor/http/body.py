"""How is a body read without trusting it?

Never more than the limit is held in memory, neither as it comes nor unpacked: a megabyte that opens to a gigabyte is
given up at the limit.
"""

import asyncio
import zlib

from aiohttp import web

READ_WITHIN_S = 30.0
BODY_WITHIN_S = web.AppKey("body_within_s", float)  # what a listener allows instead
_GZIP_WINDOW = 31  # zlib's number for "a gzip header, and the largest window"


class Refused(Exception):
    """The request is answered with `status`, and the message may be shown to whoever sent it."""

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


async def read_body(request: web.Request, max_bytes: int, max_inflated_bytes: int) -> bytes:
    """Return the body of a request, unpacked.

    Raises:
        Refused: 413 too large, 408 too slow, 415 packed in an unknown way, 400 broken off or not to be unpacked.
    """
    body = await read_packed(request, max_bytes)
    return unpacked(body, request.headers.get("Content-Encoding", ""), max_inflated_bytes)


async def read_packed(request: web.Request, max_bytes: int) -> bytes:
    """Return the body of a request as it came.

    Raises:
        Refused: 413 if it is too large, 408 if it takes too long, 400 if it breaks off.
    """
    if (request.content_length or 0) > max_bytes:
        raise Refused(413, f"body: expected at most {max_bytes} bytes, got {request.content_length}")
    within_s = request.config_dict.get(BODY_WITHIN_S, READ_WITHIN_S)
    try:
        async with asyncio.timeout(within_s):
            return await _read_at_most(request, max_bytes)
    except TimeoutError:
        raise Refused(408, f"expected the rest of the body within {within_s:g} s") from None
    except (web.RequestPayloadError, ConnectionError):  # the library would call either our fault, and log it as such
        raise Refused(400, "expected a whole body, got less, or chunks that are none") from None


async def _read_at_most(request: web.Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > max_bytes:
            raise Refused(413, f"body: expected at most {max_bytes} bytes, got more")
    return bytes(body)


def unpacked(body: bytes, packing: str, max_bytes: int) -> bytes:
    """Return a body without its packing, which is what `Content-Encoding` says.

    Raises:
        Refused: 413 if it holds too much, 415 for an unknown packing, 400 if it does not unpack.
    """
    if not packing:
        return body
    match packing.lower():
        case "identity":
            return body
        case "gzip":
            return inflate(body, max_bytes)
        case _:
            raise Refused(415, f"Content-Encoding: expected gzip or none, got {packing[:40]!r}")


def inflate(packed: bytes, max_bytes: int) -> bytes:
    """Return what a gzip body holds, giving up at `max_bytes`.

    Raises:
        Refused: 413 if it holds more, 400 if it is not gzip or is cut short.
    """
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        body = unpacker.decompress(packed, max_bytes)
    except zlib.error:
        raise Refused(400, "body: expected gzip, got something else") from None
    if unpacker.unconsumed_tail:
        raise Refused(413, f"body: expected at most {max_bytes} bytes unpacked, got more")
    if not unpacker.eof:
        raise Refused(400, "body: expected a whole gzip stream, got one that is cut short")
    return body
