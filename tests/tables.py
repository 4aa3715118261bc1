"""How long is every table that something holds on to?

From one object to all that it leads to: by attributes, slots, fields of structs, what functions close over, and what is
in containers.  The lengths of all containers that are reached by the same attribute of the same class are added up, so
that what grows has a name that can be looked for.
"""

import gc
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

_TABLES = (dict, list, set, frozenset, deque)
_LEAVES = (str, bytes, bytearray, int, float, type(None), type, ModuleType, BuiltinFunctionType)


def lengths(root: object) -> Counter[str]:
    """Return how many things are in the tables that an object holds on to, by `Class.attribute`."""
    found: Counter[str] = Counter()
    seen: dict[int, object] = {}  # kept, so that no identity is given twice
    waiting: list[tuple[object, str]] = [(root, type(root).__name__)]
    while waiting:
        thing, name = waiting.pop()
        if isinstance(thing, _LEAVES) or id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if isinstance(thing, _TABLES):
            found[name] += len(thing)
        waiting += _of(thing, name)
    return found


def _of(thing: Any, name: str) -> Iterator[tuple[object, str]]:
    """Yield what a thing leads to, each with its name."""
    if isinstance(thing, dict):
        yield from ((each, f"{name}[]") for pair in list(thing.items()) for each in pair)
    elif isinstance(thing, (*_TABLES, tuple)):
        yield from ((each, f"{name}[]") for each in list(thing))
    elif isinstance(thing, MethodType):
        yield thing.__self__, type(thing.__self__).__name__
    elif isinstance(thing, FunctionType):
        for cell in thing.__closure__ or ():
            with suppress(ValueError):  # it is empty yet
                yield cell.cell_contents, thing.__qualname__
    else:
        attributes = list(_attributes(thing))
        yield from attributes
        if not attributes:
            yield from ((each, f"{type(thing).__name__}.?") for each in gc.get_referents(thing))


def _attributes(thing: Any) -> Iterator[tuple[object, str]]:
    owner = type(thing).__name__
    slots = (vars(each).get("__slots__", ()) for each in type(thing).__mro__)
    names = {name for each in slots for name in ([each] if isinstance(each, str) else each)}
    names |= {*getattr(thing, "__dict__", ()), *getattr(type(thing), "__struct_fields__", ())}
    for name in names - {"__dict__", "__weakref__"}:
        with suppress(AttributeError):  # it is not set
            yield getattr(thing, name), f"{owner}.{name}"
