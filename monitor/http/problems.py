"""What does the private door say when the answer is no?

Every refusal is a problem as RFC 9457 has it, `application/problem+json`: what sort of thing went wrong (`title`,
`status`), what was expected and what came (`detail`), and each fault that has a place in the request (`errors`).
Beside them stands `error`, the same sentence as `detail`, which is all that answers were before there were problems.

`problem` makes one.  Through `as_problems`, the outermost middleware, what aiohttp refuses by itself and what goes
wrong by our own fault leave as problems too; of such a fault whoever asked learns no more than that there was one.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Self

import msgspec
from aiohttp import web
from msgspec import Struct

from monitor import request_ids
from monitor.store.ports import Lacking, StoreFailed

CONTENT_TYPE = "application/problem+json"
NOT_KEPT = {"Cache-Control": "no-store"}
RETRY_AFTER_S = "5"  # a database that does not answer
LACKING = {"Retry-After": "30"}  # a part of it that may be away for long
_BEGUN = web.RequestKey("answer_has_begun", bool)

log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fault(Struct, frozen=True):
    """One thing that is wrong with a request, and where in it: the name of a parameter, or a path into the body."""

    path: str
    detail: str


class Problem(Struct, frozen=True):
    """Why a request was refused; `error` is `detail` once more, `errors` says each fault that has a place.

    By `request_id` the lines of the log are found that were written meanwhile.  `type` is `about:blank`, which stands
    for: the status says what sort of problem it is.
    """

    type: str
    title: str
    status: int
    detail: str
    error: str
    errors: tuple[Fault, ...]
    request_id: str = ""


class Refused(Exception):
    """A request that gets no answer; `str()` says what was expected, `errors` each place where it was not."""

    def __init__(
        self, status: int, detail: str, *, errors: Iterable[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = tuple(errors)
        self.headers = headers or {}

    @classmethod
    def at(cls, status: int, path: str, detail: str) -> Self:
        """Return a refusal for one fault, with its place: a parameter, or a path into the body."""
        return cls(status, f"{path}: {detail}", errors=[Fault(path, detail)])

    def response(self) -> web.Response:
        """Return the answer to such a request."""
        return problem(self.status, str(self), errors=self.errors, headers=self.headers)


def problem(
    status: int,
    detail: str,
    *,
    title: str | None = None,
    errors: Iterable[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return a refusal.

    Args:
        status: of HTTP.
        detail: a sentence: what was expected, what came, and where.
        title: what sort of problem it is; else the status in words.
        errors: each fault that has a place in the request.
        headers: what else the answer has to say.
    """
    said = _printable(detail)
    faults = tuple(Fault(_printable(each.path), _printable(each.detail)) for each in errors)
    title = title or HTTPStatus(status).phrase
    body = _encode(Problem("about:blank", title, status, said, said, faults, request_ids.current()))
    return web.Response(status=status, body=body, headers=NOT_KEPT | dict(headers or {}), content_type=CONTENT_TYPE)


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with what the handler answers, or with a problem: the outermost middleware of the private door."""
    try:
        return await handler(request)
    except Refused as refused:
        return refused.response()
    except Lacking as error:  # of what cannot say what is missing in it, such as a verdict
        detail = f"expected all of what was measured, got a part: {error}"
        return problem(503, detail, title="Part of the history is away", headers=LACKING)
    except StoreFailed as error:
        return problem(503, f"expected the database to answer, got {error}", headers={"Retry-After": RETRY_AFTER_S})
    except web.HTTPException as refusal:
        refusal.__traceback__ = None  # the router keeps it with the request, whose frames it would keep: a circle
        return _in_our_words(request, refusal)
    except Exception:
        if _BEGUN in request:  # half an answer is out, and a second beginning would be read as its end
            raise
        log.exception("%s %s: expected an answer, got an error", request.method, request.path)
        return problem(500, "expected to be able to answer, got an error of our own; the log says which")


async def note_beginning(request: web.Request, _: web.StreamResponse) -> None:
    """Remember that an answer goes out: what goes wrong from now on cannot be told any more."""
    request[_BEGUN] = True


def _in_our_words(request: web.Request, refusal: web.HTTPException) -> web.StreamResponse:
    if refusal.status < HTTPStatus.BAD_REQUEST:
        raise refusal
    match refusal:
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(refusal.allowed_methods))
            detail = f"{request.path[:200]}: expected {allowed}, got {request.method[:20]}"
            return problem(405, detail, headers={"Allow": allowed})
        case web.HTTPNotFound():
            return problem(404, f"expected a path that there is, got {request.path[:200]!r}")
        case web.HTTPRequestEntityTooLarge():
            return problem(413, "body: expected a smaller one")
        case _:
            return problem(refusal.status, refusal.reason)


def _printable(text: str) -> str:
    """Return text without halves of characters, which JSON has no way to write."""
    return text.encode("utf-8", "backslashreplace").decode()
