"""What of a configuration may be shown, and what of it is a default?

No secret leaves the process: of a key that holds one it is told whether it is set, of an address whatever could let
somebody in is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from alerts.default_inhibitions import DEFAULT_INHIBITIONS
from alerts.default_rules import DEFAULT_RULES
from alerts.notifiers.registry import kind_of
from alerts.routing import Route
from monitor.config import Config
from monitor.objectives import DEFAULT_OBJECTIVES
from monitor.settings import Section

IS_SET = "(set, not shown)"
_HIDDEN = "…"


class SettingView(Struct, frozen=True):
    """One key: its value as JSON, and whether that is the default.  `default` is null where the key has to be given."""

    key: str
    value: Any
    default: Any
    is_default: bool
    is_secret: bool


class TableView(Struct, frozen=True):
    """One table of the file; `name` is its heading.  `changes_at` is reload or restart."""

    name: str
    changes_at: str
    settings: list[SettingView]


class RuleShown(Struct, frozen=True):
    """One rule, as far as one line takes it."""

    name: str
    over: str
    severity: str
    raise_when: str
    hold_for_s: float
    clear_when: str
    is_shipped: bool
    runbook_url: str


class NamedShown(Struct, frozen=True):
    """Something of the configuration that has a name, in a few words."""

    name: str
    words: str
    is_shipped: bool


class RouteShown(Struct, frozen=True):
    """A route: how deep in the tree, for which alerts, and whom it tells."""

    depth: int
    matchers: str
    receivers: list[str]
    continues: bool


class ConfigurationShown(Struct, frozen=True):
    """A configuration without its secrets."""

    tables: list[TableView]
    rules: list[RuleShown]
    receivers: list[NamedShown]
    routes: list[RouteShown]
    objectives: list[NamedShown]
    inhibitions: list[NamedShown]
    time_windows: list[str]


def shown(config: Config, reloaded: Iterable[str]) -> ConfigurationShown:
    """Return what may be shown; `reloaded` are the parts that a reload changes."""
    at_reload = frozenset(reloaded)
    return ConfigurationShown(
        tables=[*_tables(config, at_reload)],
        rules=[
            RuleShown(
                rule.name,
                rule.over.value,
                rule.severity.value,
                str(rule.raise_when),
                rule.hold_for_s,
                str(rule.clear_when),
                rule in DEFAULT_RULES,
                rule.runbook_url,
            )
            for rule in config.rules
        ],
        receivers=[NamedShown(name, kind_of(each), is_shipped=False) for name, each in config.notifiers.items()],
        routes=[*_routes(config.routing, 0)],
        objectives=[
            NamedShown(
                each.name,
                f"{each.target_ratio * 100:g} % of {each.over.value}, by {each.scope.value}",
                each in DEFAULT_OBJECTIVES,
            )
            for each in config.objectives
        ],
        inhibitions=[
            NamedShown(each.name, _inhibition(each.source, each.target), each in DEFAULT_INHIBITIONS)
            for each in config.inhibitions
        ],
        time_windows=[*config.time_windows],
    )


def _tables(config: Config, at_reload: frozenset[str]) -> Iterator[TableView]:
    for field in fields(config):
        part = getattr(config, field.name)
        changes_at = "reload" if field.name in at_reload else "restart"
        if isinstance(part, Section):
            yield TableView(field.name, changes_at, [*_settings(part)])
        elif field.name == "accounts":
            yield from (TableView(f"accounts: {each.name}", changes_at, [*_settings(each)]) for each in part)


def _settings(section: Section) -> Iterator[SettingView]:
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        is_secret = "SecretStr" in str(field.annotation)
        default = None if field.default is PydanticUndefined else field.default
        has_default = field.default is not PydanticUndefined
        yield SettingView(key, _plain(value), _plain(default), has_default and value == default, is_secret)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, without whatever is secret in it."""
    if isinstance(value, Section):
        return {key: _plain(getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return _one(value)


def _one(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return IS_SET
    if isinstance(value, str):
        return _without_password(value)
    return value if isinstance(value, bool | int | float | None) else str(value)


def _without_password(text: str) -> str:
    """Return an address without what stands before its host and behind its path; any other text as it is."""
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return _HIDDEN
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{_HIDDEN}@{host}" if at and user else host
    return urlunsplit((parts.scheme, netloc, parts.path, _HIDDEN if parts.query else "", ""))


def _routes(route: Route, depth: int) -> Iterator[RouteShown]:
    receivers = list(route.plan.receivers) if route.plan else []
    yield RouteShown(depth, route.name, receivers, route.continue_)
    for each in route.routes:
        yield from _routes(each, depth + 1)


def _inhibition(source: Iterable[object], target: Iterable[object]) -> str:
    return f"{', '.join(map(str, source))} keeps quiet {', '.join(map(str, target))}"
