"""What does it cost aiohttp on uvloop to read a body and say 204?  `python -m tests.benchmarks.bare PORT`."""

import sys

import uvloop
from aiohttp import web


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=204)


def main() -> None:
    """Serve until killed."""
    app = web.Application(client_max_size=2**20)
    app.add_routes([web.post("/v1/telemetry", _take)])
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, loop=loop)


if __name__ == "__main__":
    main()
