"""On which line of a TOML file does a key stand?

The standard parser gives values without positions.  This reads the file once more, only for headings and keys, so that
an error about `rules[1].raise` can name its line.  A key inside an inline table is found at the line of its table, and
such tables in an array one by one if each begins a line.
"""

import re
from collections import defaultdict

Path = tuple[str | int, ...]

_HEADING = re.compile(r"\s*(?P<open>\[\[?)\s*(?P<name>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*(?P<name>[A-Za-z0-9_\-.\"']+)\s*=(?P<opens>\s*\[\s*(#.*)?$)?")
_ELEMENT = re.compile(r"\s*\{")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, of every table and key that is written on a line of its own."""
    lines: dict[Path, int] = {}
    counts: defaultdict[Path, int] = defaultdict(int)
    table: Path = ()
    array: Path = ()  # the last that was opened
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _HEADING.match(line):
            table = _open(_parts(heading["name"]), heading["open"] == "[[", counts)
            lines.setdefault(table, number)
            array = ()
        elif key := _KEY.match(line):
            path = table + _parts(key["name"])
            lines.setdefault(path, number)
            array = path if key["opens"] else ()
        elif array and _ELEMENT.match(line):
            lines[(*array, counts[array])] = number
            counts[array] += 1
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of the key, or of the innermost table around it that has one."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def _parts(name: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _open(name: Path, is_array: bool, counts: defaultdict[Path, int]) -> Path:
    """Return the path of a heading, with the index of every array of tables that it lies in."""
    path: Path = ()
    for depth, part in enumerate(name):
        path = (*path, part)
        if is_array and depth == len(name) - 1:
            counts[path] += 1
        if counts.get(path):
            path = (*path, counts[path] - 1)
    return path
