"""Which faults is the daemon put through, and which test does it?

Read from the sources of the tests, where `@pytest.mark.fault("SIGKILL under load", expected="…")` stands before a test,
and from the table of docs/faults.md, which says the same to whoever runs the daemon.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "faults.md"

_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `(\w+)` \|$", re.MULTILINE)


class Fault(NamedTuple):
    """Something that is done to a running daemon, what must hold in it, and the test that sees to both."""

    name: str
    expected: str
    test: str


def faults_on_page() -> list[Fault]:
    """Return the faults, as the page has them."""
    return [Fault(*row) for row in _ROW.findall(PAGE.read_text(encoding="utf-8"))]


def faults_in_tests() -> list[Fault]:
    """Return the faults, as the markers of the tests have them."""
    found: list[Fault] = []
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        source = file.read_text(encoding="utf-8")
        found += _marked(ast.parse(source)) if "mark.fault(" in source else ()
    return found


def _marked(module: ast.Module) -> Iterator[Fault]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for marker in node.decorator_list:
                if isinstance(marker, ast.Call) and ast.unparse(marker.func) == "pytest.mark.fault":
                    name, expected = marker.args[0], marker.keywords[0].value
                    yield Fault(ast.literal_eval(name), ast.literal_eval(expected), node.name)
