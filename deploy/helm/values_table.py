"""What can be said to the chart?  Writes the table of roomwatch/README.md from roomwatch/values.yaml.

The comments of values.yaml are the only description that there is: the one above a value and the one behind it.

    python deploy/helm/values_table.py
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

CHART = Path(__file__).parent / "roomwatch"
BEGIN, END = "<!-- values -->\n", "<!-- /values -->\n"
_INDENT = 2


class Value(NamedTuple):
    """One value: where it is, what it is by default, and what is said of it."""

    path: str
    default: Any
    words: str


def values(text: str) -> Iterator[Value]:
    """Yield every value of values.yaml in its order, with its comments."""
    defaults = dict(_leaves(yaml.safe_load(text)))
    parents: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            above = [*above, bare.removeprefix("#").strip()] if bare else []
            continue
        key, _, rest = bare.partition(":")
        parents = [*parents[: (len(line) - len(line.lstrip())) // _INDENT], key]
        path = ".".join(parents)
        if path in defaults:
            behind = rest.partition(" # ")[2].strip()
            yield Value(path, defaults.pop(path), " ".join([*above, behind]).strip())
        above = []


def _leaves(given: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what can be set: whatever has no names of ours in it."""
    for key, value in given.items():
        if isinstance(value, Mapping) and value and not key.endswith(("labels", "annotations")):
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def table(found: Iterator[Value]) -> str:
    """Return the table in Markdown."""
    rows = (f"| `{path}` | `{json.dumps(default)}` | {words} |\n" for path, default, words in found)
    return "| value | default | what it is |\n|---|---|---|\n" + "".join(rows)


def with_table(readme: str, text: str) -> str:
    """Return the README with the table of these values in its place."""
    before, _, rest = readme.partition(BEGIN)
    return before + BEGIN + table(values(text)) + END + rest.partition(END)[2]


def main() -> None:
    """Write the README anew."""
    readme = CHART / "README.md"
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), text), encoding="utf-8")


if __name__ == "__main__":
    main()
