"""Whether the page of the API tells of everything that the public listener serves, and of nothing else."""

from docs.writing.http_api import PUBLIC
from tests.conftest import Running


async def test_every_route_of_the_public_listener_is_described_and_nothing_else(running: Running) -> None:
    assert running.daemon.doors.public is not None
    served = {(method, path) for method, path in running.daemon.doors.public.routes() if method != "HEAD"}
    assert served == {(route.method, route.path) for route in PUBLIC}
