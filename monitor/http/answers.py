"""How does an answer go out?

With an ETag of what it says, so that whoever asks again and has it already gets 304 and nothing more.  The tag is weak,
since the same answer may go out packed or not.  A browser may keep what it read, but asks each time whether it still
is so (`private, no-cache`); what an errand came to is not kept at all.  A page that has a next one links to it.
"""

from hashlib import blake2b

import msgspec
from aiohttp import web
from msgspec import Struct

from monitor.http.problems import NOT_KEPT

READ = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
JSON = "application/json"
_TAG_BYTES = 12
_READING = ("GET", "HEAD")

_encode = msgspec.json.Encoder().encode


def answered(request: web.Request, said: Struct, status: int = 200) -> web.Response:
    """Return the answer to a question, or to an errand; what is a page links to the next."""
    following: str | None = getattr(said, "next", None)
    response = read(request, _encode(said)) if request.method in _READING else _done(said, status)
    if following is not None:
        response.headers["Link"] = f'<{request.rel_url.update_query(after=following)}>; rel="next"'
    return response


def read(request: web.Request, body: bytes, content_type: str = JSON) -> web.Response:
    """Return what was asked for, or that it is what whoever asks has already."""
    tag = blake2b(body, digest_size=_TAG_BYTES).hexdigest()
    headers = READ | {"ETag": f'W/"{tag}"'}
    if any(known.value in (tag, "*") for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    response = web.Response(body=body, content_type=content_type, headers=headers)
    response.enable_compression()
    return response


def _done(said: Struct, status: int) -> web.Response:
    response = web.Response(status=status, body=_encode(said), content_type=JSON, headers=NOT_KEPT)
    response.enable_compression()
    return response
