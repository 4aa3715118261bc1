"""The floor: an aiohttp handler on uvloop that reads the body, throws it away and answers 204."""

import asyncio
import sys

import uvloop
from aiohttp import web


async def throw_away(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=204)


async def serve(port: int) -> None:
    app = web.Application(client_max_size=2**22)
    app.add_routes([web.post("/v1/telemetry", throw_away)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as floor:
        floor.run(serve(int(sys.argv[1])))
