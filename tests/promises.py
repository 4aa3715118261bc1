"""Which test proves which promise?

Read from the sources of the tests, where `@pytest.mark.promise("P5")` stands before a test or `pytestmark` before all
of a file: to collect the tests would import everything they need, which takes half a minute.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "promises.md"

_ROW = re.compile(r"^\| (P\d+) \| ([^|]+) \| [^|]+ \| `(\w+)` \|$", re.MULTILINE)


class Promise(NamedTuple):
    """One statement of the page, and the test it names."""

    name: str
    words: str
    test: str


class Proof(NamedTuple):
    """One test, and where it is."""

    file: str
    test: str


def promises() -> list[Promise]:
    """Return the promises, as the page has them."""
    return [Promise(*row) for row in _ROW.findall(PAGE.read_text(encoding="utf-8"))]


def proofs() -> Mapping[str, list[Proof]]:
    """Return the tests that bear the marker of each promise."""
    found: defaultdict[str, list[Proof]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        source = file.read_text(encoding="utf-8")
        for name, test in _marked(ast.parse(source)) if "promise(" in source else ():
            found[name].append(Proof(file.relative_to(ROOT).as_posix(), test))
    return found


def _marked(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each promise with each test of a file that proves it."""
    whole = [name for node in module.body if _is_pytestmark(node) for name in _named(node)]
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            own = [name for decorator in node.decorator_list for name in _named(decorator)]
            yield from ((name, node.name) for name in dict.fromkeys([*whole, *own]))


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(ast.unparse(target) == "pytestmark" for target in node.targets)


def _named(node: ast.AST) -> Iterator[str]:
    """Yield the promises that markers name somewhere below a node."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.promise":
            yield from (ast.literal_eval(argument) for argument in call.args)
