"""Which secrets stand in the configuration file itself, and not in files of their own?"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args

from alerts.notifiers.registry import NOTIFIERS
from monitor.config_lines import Path
from monitor.settings import Section, Sections

#: What notifiers do not show either, but only because it is about people, or may be.
_NO_SECRETS = frozenset({"to", "sender", "username"})
_PLAIN_URL_KINDS = frozenset({"webhook"})  # others let whoever knows the address post


def inline_secrets(given: Mapping[str, Any]) -> tuple[Path, ...]:
    """Return the path of each secret that is written out in the tables of a configuration."""
    receivers = given.get("receivers")
    return (*_of_section(Sections, given, ()), *_of_receivers(receivers if isinstance(receivers, Mapping) else {}))


def _of_section(section: type[Section], table: Any, path: Path) -> Iterator[Path]:
    if not isinstance(table, Mapping):
        return
    for name, field in section.model_fields.items():
        if name not in table:
            continue
        if "SecretStr" in str(field.annotation):
            yield (*path, name)
        elif (inner := _section_in(field.annotation)) is not None:
            for place, each in _tables(table[name], (*path, name)):
                yield from _of_section(inner, each, place)


def _section_in(annotation: Any) -> type[Section] | None:
    """Return the kind of table that a field has, or has several of."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    found = (_section_in(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)


def _tables(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Find the tables of a field: it is one, or it is an array or a table of them."""
    if isinstance(value, list):
        yield from (((*path, place), each) for place, each in enumerate(value))
    elif isinstance(value, Mapping):
        yield path, value
        yield from (((*path, name), each) for name, each in value.items())


def _of_receivers(receivers: Mapping[str, Any]) -> Iterator[Path]:
    for name, table in receivers.items():
        kind = table.get("kind") if isinstance(table, Mapping) else None
        notifier = NOTIFIERS.get(kind) if isinstance(kind, str) else None
        if notifier is None:
            continue
        kept_to_itself = _NO_SECRETS | ({"url"} if kind in _PLAIN_URL_KINDS else set())
        secret = (each.name for each in fields(notifier.Config) if not each.repr and each.name not in kept_to_itself)
        yield from (("receivers", name, key) for key in secret if table.get(key))
