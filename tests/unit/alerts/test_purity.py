"""The rooms that decide read no clock, wait for nothing and know nothing of the house."""

import ast
from pathlib import Path

import pytest

import alerts

ROOT = Path(alerts.__file__).parent
FORBIDDEN = {"asyncio", "aiohttp", "aiosqlite", "sqlite3", "time", "logging", "os", "random", "monitor", "collectors"}
PURE = ["model.py", "rules.py", "deadlines.py", "engine.py", "fingerprint.py", "routing.py", "delivery.py"]
FILES = [ROOT / name for name in PURE] + sorted((ROOT / "notifiers").glob("*.py"))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_pure_room_imports_nothing_that_acts(path):
    assert not FORBIDDEN & set(imported(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_pure_room_neither_waits_nor_asks_the_time(path):
    names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert not {"now", "utcnow", "today"} & names
    assert "await " not in path.read_text()
