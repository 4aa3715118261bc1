"""How is an answer sent that is large enough to be put together on a thread?  As the bytes that the thread made."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from monitor.http.answers import read
from monitor.http.problems import Refused

NOTHING_MORE: Mapping[str, str] = {}

LargeQuestion = Callable[[web.Request], Awaitable[bytes]]


def sending(
    question: LargeQuestion, headers: Mapping[str, str] = NOTHING_MORE
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of a question whose answer comes as JSON already."""

    async def answer(request: web.Request) -> web.Response:
        try:
            said = await question(request)
        except Refused as refused:
            response = refused.response()
        else:
            response = read(request, said)
        response.headers.update(headers)
        return response

    return answer
