"""Whether the document of the API tells of everything that is served, and of nothing else."""

import pytest
from aiohttp import web
from jsonschema_rs import meta

from monitor.http import pages, runbooks
from monitor.http.openapi import OPERATIONS, document
from monitor.http.permissions import is_open
from tests.asking import TOKEN
from tests.conftest import Running, Start

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def served(running: Running) -> set[tuple[str, str]]:
    """Return every method and path that the private door really has, but for the pages."""
    assert running.daemon.doors.private is not None
    for_people = [*pages.routes(pages.built_files()), *runbooks.routes()]
    built = {route.path for route in for_people if isinstance(route, web.RouteDef)}
    return {
        (method, path)
        for method, path in running.daemon.doors.private.routes()
        if method != "HEAD" and path not in built
    }


NEIGHBOURLY = ("/metrics", "/metrics/fleet")  # which Prometheus on the same machine may read


def described() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}


async def test_every_route_is_described_and_nothing_else(running: Running) -> None:
    assert served(running) == described()


async def test_every_route_but_a_few_is_answered_401_without_a_login(start: Start) -> None:
    running = await start(private={"port": 0, "access_token": TOKEN})
    assert running.daemon.doors.private is not None
    for method, path in running.daemon.doors.private.routes():
        if is_open(method, path) or path in NEIGHBOURLY or path.startswith("/-/"):
            continue
        async with running.http.request(method, running.private + _filled(path)) as response:
            assert response.status == 401, f"{method} {path} is answered without a login"


def test_the_document_and_the_guard_agree_on_what_needs_no_login() -> None:
    for method, path in described():
        operation = OPERATIONS[path if method == "GET" else f"{method} {path}"]
        is_neighbourly = path in NEIGHBOURLY or path.startswith("/-/")
        assert operation.is_open is (is_open(method, path) or is_neighbourly), path


def _filled(path: str) -> str:
    return "".join("x" + part.partition("}")[2] if "}" in part else part for part in path.split("{"))


async def test_the_document_is_served_as_it_is(start: Start) -> None:
    running = await start(private={"port": 0, "access_token": TOKEN})
    async with running.http.get(f"{running.private}/api/v1/openapi.json", headers=BEARER) as response:
        assert await response.json() == document()


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("method", "path"), sorted((method, path) for path, methods in document()["paths"].items() for method in methods)
)
def test_every_refusal_is_a_problem(method: str, path: str) -> None:
    for status, answer in document()["paths"][path][method]["responses"].items():
        if int(status) >= 400:
            (schema,) = answer["content"]["application/problem+json"].values()
            assert schema == {"$ref": "#/components/schemas/Problem"}, status


def test_every_schema_is_one() -> None:
    for schema in document()["components"]["schemas"].values():
        meta.validate(schema)


def test_every_part_of_a_path_is_described() -> None:
    for path, methods in document()["paths"].items():
        parts = {part.partition("}")[0] for part in path.split("{")[1:]}
        for operation in methods.values():
            given = operation.get("parameters", ())
            assert {each["name"] for each in given if each["in"] == "path"} == parts, path
