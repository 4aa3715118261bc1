"""What does config.example.toml say of each key?

The example is the manual of the configuration, and its comments are what the reference and the JSON Schema say, too.  A
comment belongs to the key below it, and to further keys right below that one which have no words of their own; what
stands behind a value belongs to its key alone.  A key or heading that is commented out counts like any other.
"""

import re
from dataclasses import dataclass, field

Path = tuple[str, ...]

_HEADING = re.compile(r"(?:# )?\[\[?([\w.-]+)\]\]?(?:\s*#\s*(.*))?$")
_KEY = re.compile(r"(?:# )?([a-z_]+) = (.*)$")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NAMED = {"escalations", "time_windows"}  # tables by names of the user's own; so are private.tokens and receivers


@dataclass
class Example:
    """Meanings by path: `private.tokens.*` for what bears a name of the user's own, `receivers.KIND` for receivers."""

    tables: dict[Path, list[str]] = field(default_factory=dict)
    keys: dict[Path, str] = field(default_factory=dict)

    def of_key(self, path: Path) -> str:
        """Return what is said of a key, also where only its `_file` is shown."""
        return self.keys.get(path) or self.keys.get((*path[:-1], f"{path[-1]}_file"), "")


@dataclass
class _Reader:
    found: Example = field(default_factory=Example)
    table: Path = ()
    block: list[str] = field(default_factory=list)  # the comment above, as lines
    is_fresh: bool = True  # no key has had it yet
    in_comment: bool = False

    def take(self, line: str) -> None:
        if heading := _HEADING.fullmatch(line):
            self._open(heading[1], heading[2] or "")
        elif key := _KEY.fullmatch(line):
            self._note(key[1], key[2])
        elif line.startswith("#"):
            self._comment(line.removeprefix("#").removeprefix(" "))
            return
        elif not line.strip():
            self.block = []
        self.in_comment = False

    def _comment(self, line: str) -> None:
        self.block = [*self.block, line] if self.in_comment else [line]
        self.in_comment = self.is_fresh = True

    def _open(self, name: str, behind: str) -> None:
        self.table = _path(name)
        said = [*self.block, behind] if behind else self.block
        if said or self.table not in self.found.tables:
            self.found.tables[self.table] = self.found.tables.get(self.table) or said
        self.block = []

    def _note(self, key: str, rest: str) -> None:
        if self.table[:1] == ("receivers",) and key == "kind":
            self._rename(rest.split('"')[1])
        behind = _behind(rest)
        above = " ".join(self.block)
        said = _joined(above if self.is_fresh or not behind else "", behind)
        self.is_fresh = False
        path = (*self.table, key)
        self.found.keys[path] = self.found.keys.get(path) or said

    def _rename(self, kind: str) -> None:
        said = self.found.tables.pop(self.table, [])
        self.table = ("receivers", kind)
        self.found.tables[self.table] = said


def read(text: str) -> Example:
    """Return everything that an example says."""
    reader = _Reader()
    for line in text.splitlines():
        reader.take(line)
    return reader.found


def _joined(above: str, behind: str) -> str:
    """Return what stands above a value and behind it as sentences."""
    if above and behind:
        return f"{above} {behind[0].upper()}{behind[1:]}"
    return above or behind


def _path(name: str) -> Path:
    parts = tuple(name.split("."))
    if parts[0] in _NAMED or parts[:2] == ("private", "tokens"):
        return (*parts[:-1], "*")
    return parts


def _behind(rest: str) -> str:
    """Return the comment behind a value; a number sign between quotes begins none."""
    value = _QUOTED.sub(lambda found: "x" * len(found[0]), rest)
    at = value.find("# ")
    return rest[at + 2 :].strip() if at >= 0 else ""


def as_text(lines: list[str]) -> str:
    """Return the prose of a comment, without what is set out in columns."""
    return " ".join(line for line in lines if not line.startswith(" "))


def columns(lines: list[str]) -> list[str]:
    """Return what is set out in columns."""
    return [line for line in lines if line.startswith(" ")]
