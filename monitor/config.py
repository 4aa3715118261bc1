"""What can be configured, and is this configuration right?

A TOML file and the environment become one frozen `Config`.  Everything that is wrong is said in one go, each error with
the path of its key, its line, and what was expected.  `config.example.toml` is the manual; a test keeps them together.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from alerts.default_inhibitions import DEFAULT_INHIBITIONS
from alerts.default_rules import DEFAULT_RULES
from alerts.heartbeat import RECEIVER as HEARTBEAT
from alerts.inhibition import Inhibition, InhibitionError
from alerts.model import Rule
from alerts.notifiers.base import Notifier
from alerts.notifiers.registry import NOTIFIERS
from alerts.routing import Route
from alerts.rules import RuleError
from alerts.signals import with_watchers
from alerts.time_windows import TimeWindowError, TimeWindows
from monitor.config_lines import Path as KeyPath
from monitor.config_lines import key_lines, line_of
from monitor.failures import Misconfigured
from monitor.inline_secrets import inline_secrets
from monitor.naming import Naming, NamingError
from monitor.objectives import DEFAULT_OBJECTIVES, Objective, ObjectiveError
from monitor.routes import Names as RouteNames
from monitor.routes import build_routes
from monitor.runbook_links import runbooks_at
from monitor.settings import (
    Account,
    Alerting,
    Alertmanager,
    Canary,
    Cluster,
    Compositions,
    EscalationText,
    Exposed,
    Heartbeat,
    InhibitionText,
    LivePicture,
    Logging,
    Names,
    Pipelining,
    Polling,
    Privacy,
    Private,
    Public,
    Quotas,
    RouteText,
    RuleText,
    Section,
    Sections,
    SloText,
    Storage,
    Telemetry,
    TimeWindowText,
    Usage,
    is_local,
    with_files_read,
)

S = TypeVar("S", bound=Section)
T = TypeVar("T")


class Problem(Exception):
    """One thing wrong with a configuration."""

    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(message)
        self.path = path


class ConfigInvalid(Misconfigured):
    """Everything wrong with a configuration, one line each: file, line, key path, what was expected."""


@dataclass(frozen=True)
class Config:
    """A configuration that is right, with everything built that its texts describe."""

    public: Public
    private: Private
    storage: Storage
    cluster: Cluster
    telemetry: Telemetry
    privacy: Privacy
    accounts: tuple[Account, ...]
    polling: Polling
    live: LivePicture
    compositions: Compositions
    limits: Quotas
    usage: Usage
    canary: Canary
    alerts: Alerting
    alertmanager: Alertmanager
    heartbeat: Heartbeat
    log: Logging
    pipeline: Pipelining
    metrics: Exposed
    naming: Naming
    rules: tuple[Rule, ...]
    routing: Route
    objectives: tuple[Objective, ...]
    notifiers: Mapping[str, Notifier]
    inhibitions: tuple[Inhibition, ...]
    time_windows: Mapping[str, TimeWindows]
    secret_files: tuple[str, ...] = ()
    inline_secrets: tuple[KeyPath, ...] = ()  # where in the file itself one stands

    @property
    def database(self) -> Path | None:
        """Return the file with the database; None: nothing is kept, or not in a file."""
        return None if self.cluster.is_told or self.storage.path == ":memory:" else Path(self.storage.path)


def load(file: Path | None, environment: Mapping[str, str]) -> Config:
    """Return the configuration of a file, completed by the environment.

    Raises:
        ConfigInvalid: with every error there is.
    """

    def built(given: dict[str, Any]) -> Config:
        return replace(build(with_environment(given, environment)), inline_secrets=inline_secrets(given))

    return understood(file, built)


def load_rules(file: Path) -> tuple[Rule, ...]:
    """Return the rules of a configuration, shipped ones included; whatever else is in it need not be right, nor there.

    Raises:
        ConfigInvalid: with every error that its rules have.
    """

    def built(given: Mapping[str, Any]) -> tuple[Rule, ...]:
        alerts = given.get("alerts")
        disabled = alerts.get("disabled_rules", []) if isinstance(alerts, Mapping) else []
        return build({"rules": given.get("rules", []), "alerts": {"disabled_rules": disabled}}).rules

    return understood(file, built)


def understood(file: Path | None, build: Callable[[dict[str, Any]], T]) -> T:
    """Return what is made of the tables of a TOML file; without a file there are none.

    Raises:
        ConfigInvalid: with every error that `build` finds, each with its line.
    """
    text = ""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigInvalid([f"{file}: expected a readable TOML file, got {error}"]) from None
    try:
        return build(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid([f"{file}: {error}"]) from None
    except ValidationError as error:
        problems = _problems(error)
    except ProblemsFound as found:
        problems = found.problems
    lines = key_lines(text)
    raise ConfigInvalid([_worded(file, lines, problem) for problem in problems])


class ProblemsFound(Exception):
    """Everything wrong with a configuration that was given as plain values."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{_dotted(problem.path)}: {problem}" for problem in problems))
        self.problems = problems


def build(given: Mapping[str, Any]) -> Config:
    """Return the configuration that plain values describe.

    Raises:
        ProblemsFound: with every problem there is.
    """
    problems: list[Problem] = []
    sections = Sections()
    try:
        sections = Sections.model_validate(given)
    except ValidationError as error:
        problems += _problems(error)
    # What is built of texts is looked at even if something else is wrong, so that all is said in one run.
    naming = _built_naming(given, problems)
    rules = list(_built_rules(given, problems))
    objectives = list(_built_objectives(given, problems))
    notifiers = dict(_built_notifiers(given, problems))
    inhibitions = list(_built_inhibitions(given, problems))
    time_windows = dict(_built_time_windows(given, problems))
    routing = _built_routing(given, problems)
    if problems:
        raise ProblemsFound(problems)
    plain = {name: getattr(sections, name) for name in Sections.model_fields}
    for name in ("names", "rules", "slos", "routes", "escalations", "receivers", "inhibitions", "time_windows"):
        del plain[name]
    return Config(
        **plain,
        naming=naming,
        rules=_with_shipped(rules, runbooks_at(sections.private.url, DEFAULT_RULES), sections.alerts.disabled_rules),
        objectives=_with_shipped(objectives, DEFAULT_OBJECTIVES, sections.alerts.disabled_slos),
        routing=routing,
        notifiers=notifiers,
        inhibitions=_with_shipped(inhibitions, DEFAULT_INHIBITIONS, sections.alerts.disabled_inhibitions),
        time_windows=time_windows,
        secret_files=tuple(_secret_files(given)),
    )


_SHOWN_TO_ALL = {"cert_file", "client_ca_file"}  # files that hold no secret


def _secret_files(given: Any) -> Iterator[str]:
    """Find the files that secrets come from, in every table of every table."""
    if isinstance(given, Mapping):
        for key, value in given.items():
            if str(key).endswith("_file") and key not in _SHOWN_TO_ALL and isinstance(value, str):
                yield value
            yield from _secret_files(value)
    elif isinstance(given, list | tuple):
        for each in given:
            yield from _secret_files(each)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def _with_shipped(own: Sequence[N], shipped: Sequence[N], disabled: Collection[str]) -> tuple[N, ...]:
    """Return what is shipped, but for what is off or has another in its place, and then what is configured."""
    names = {*disabled, *(each.name for each in own)}
    return (*(each for each in shipped if each.name not in names), *own)


def _built_naming(given: Mapping[str, Any], problems: list[Problem]) -> Naming:
    try:
        return Names.model_validate(given.get("names", {})).build()
    except ValidationError:
        return Naming()  # already among the problems
    except NamingError as error:
        problems.append(Problem(("names", error.key), str(error)))
        return Naming()


def _built_rules(given: Mapping[str, Any], problems: list[Problem]) -> Iterator[Rule]:
    names: set[str] = set()
    for index, text in enumerate(_tables(given.get("rules"))):
        try:
            rule = RuleText.model_validate(text).build()
        except ValidationError:
            continue  # already among the problems
        except RuleError as error:
            key, _, message = str(error).removeprefix(f"rule {text.get('name')}: ").partition(": ")
            problems.append(Problem(("rules", index, _RULE_KEYS.get(key, key)), message))
            continue
        for name in (each.name for each in with_watchers(rule)):
            if name in names:
                problems.append(Problem(("rules", index, "name"), f"expected a name of its own, got {name} again"))
            names.add(name)
        yield rule


def _built_objectives(given: Mapping[str, Any], problems: list[Problem]) -> Iterator[Objective]:
    names: set[str] = set()
    for index, text in enumerate(_tables(given.get("slos"))):
        try:
            objective = SloText.model_validate(text).build()
        except ValidationError:
            continue  # already among the problems
        except RuleError as error:
            problems.append(Problem(("slos", index, "windows"), str(error)))
            continue
        except ObjectiveError as error:
            problems.append(Problem(("slos", index, "windows", error.key), str(error)))
            continue
        if objective.name in names:
            problems.append(Problem(("slos", index, "name"), f"expected a name of its own, got {objective.name} again"))
        names.add(objective.name)
        yield objective


_RULE_KEYS = {"raise_when": "raise", "clear_when": "clear", "hold_for": "for"}  # as they are written in the file


def _built_notifiers(given: Mapping[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Notifier]]:
    receivers = given.get("receivers", {})
    pages_url, public_url = _url(given.get("private")), _url(given.get("public"))
    # Where a service cannot call back it is not asked to: it would refuse the whole page for that.
    urls = {"external_url": pages_url, "callback_url": "" if is_local(public_url) else public_url}
    for name, settings in receivers.items() if isinstance(receivers, Mapping) else ():
        if not isinstance(settings, Mapping):
            continue
        if name == HEARTBEAT:
            problems.append(Problem(("receivers", name), "expected another name, this one is the daemon's own"))
            continue
        try:
            yield name, _built_notifier(name, settings, urls)
        except Problem as problem:
            problems.append(problem)


def _url(listener: Any) -> str:
    return str(listener.get("url", "")) if isinstance(listener, Mapping) else ""


def _built_notifier(name: str, settings: Mapping[str, Any], urls: Mapping[str, str]) -> Notifier:
    """Return the notifier of a receiver; `urls` are for what its settings do not say."""
    path: KeyPath = ("receivers", name)
    kind = settings.get("kind")
    if not isinstance(kind, str) or kind not in NOTIFIERS:
        raise Problem((*path, "kind"), f"expected one of {', '.join(NOTIFIERS)}, got {kind!r}")
    notifier = NOTIFIERS[kind]
    known = [field.name for field in fields(notifier.Config)]
    try:
        own = with_files_read({key: value for key, value in settings.items() if key != "kind"}, known)
    except ValueError as error:
        raise Problem(path, str(error)) from None
    own = {**{key: url for key, url in urls.items() if key in known}, **own}
    for key in own:
        if key not in known:
            raise Problem((*path, key), f"expected one of {', '.join(known)}, got an unknown key")
    try:
        return notifier(TypeAdapter(notifier.Config).validate_python(own))
    except ValidationError as error:
        first = _problems(error)[0]
        raise Problem((*path, *first.path), str(first)) from None


def _built_routing(given: Mapping[str, Any], problems: list[Problem]) -> Route:
    """Return the tree of those routes that can be understood; what cannot be is among the problems already."""
    receivers, windows = _named(given.get("receivers")), _named(given.get("time_windows"))
    names = RouteNames(receivers, dict(_valid_escalations(given)), windows)
    texts = [text for table in _tables(given.get("routes")) if (text := _valid(RouteText, table)) is not None]
    alerting = _valid(Alerting, given.get("alerts", {})) or Alerting()
    return build_routes(alerting, texts, names, lambda path, message: problems.append(Problem(path, message)))


def _valid_escalations(given: Mapping[str, Any]) -> Iterator[tuple[str, EscalationText]]:
    escalations = given.get("escalations", {})
    for name, table in escalations.items() if isinstance(escalations, Mapping) else ():
        text = _valid(EscalationText, table)
        if text is not None:
            yield name, text


def _valid(section: type[S], table: Any) -> S | None:
    try:
        return section.model_validate(table)
    except ValidationError:
        return None


def _named(given: Any) -> list[str]:
    return list(given) if isinstance(given, Mapping) else []


def _built_inhibitions(given: Mapping[str, Any], problems: list[Problem]) -> Iterator[Inhibition]:
    names: set[str] = set()
    for index, text in enumerate(_tables(given.get("inhibitions"))):
        try:
            inhibition = InhibitionText.model_validate(text).build()
        except ValidationError:
            continue  # already among the problems
        except InhibitionError as error:
            problems.append(Problem(("inhibitions", index, error.key), str(error)))
            continue
        if inhibition.name in names:
            expected = f"expected a name of its own, got {inhibition.name} again"
            problems.append(Problem(("inhibitions", index, "name"), expected))
        names.add(inhibition.name)
        yield inhibition


def _built_time_windows(given: Mapping[str, Any], problems: list[Problem]) -> Iterator[tuple[str, TimeWindows]]:
    windows = given.get("time_windows", {})
    for name, text in windows.items() if isinstance(windows, Mapping) else ():
        try:
            yield name, TimeWindowText.model_validate(text).build()
        except ValidationError:
            continue  # already among the problems
        except TimeWindowError as error:
            problems.append(Problem(("time_windows", name, error.key), str(error)))


def _tables(given: Any) -> list[Any]:
    return [table for table in given if isinstance(table, Mapping)] if isinstance(given, list) else []


def _problems(error: ValidationError) -> list[Problem]:
    """Return pydantic's findings without the values, which may be secrets."""
    return [
        Problem(tuple(detail["loc"]), _message(detail["type"], detail["msg"]))
        for detail in error.errors(include_url=False)
        if detail["type"] != "default_factory_not_called"  # follows from another problem of the same table
    ]


def _message(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "expected a key of config.example.toml, got an unknown one"
        case "missing":
            return "expected a value, got nothing"
        case _:
            return re.sub(r"^\w+ should", "expected to", message.removeprefix("Value error, "))


def _worded(file: Path | None, lines: dict[KeyPath, int], problem: Problem) -> str:
    line = line_of(lines, problem.path)
    where = f"{file or 'environment'}" + (f":{line}" if line else "")
    return f"{where}: {_dotted(problem.path)}: {problem}" if problem.path else f"{where}: {problem}"


def _dotted(path: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def with_environment(given: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the values with `ROOMWATCH_SECTION_KEY` laid over them; without accounts, `TWILIO_*` makes one.

    `ROOMWATCH_STORAGE_PATH` counts only where there is no cluster: images set it.
    """
    merged = dict(given)
    for section, field in Sections.model_fields.items():
        model = field.annotation
        if not (isinstance(model, type) and issubclass(model, Section)):
            continue
        for key in model.model_fields:
            for name in (key, f"{key}_file"):
                value = environment.get(f"ROOMWATCH_{section}_{name}".upper())
                if value is not None:
                    merged[section] = {**merged.get(section, {}), name: _from_text(model, key, value)}
    if _tells_a_cluster(merged.get("cluster")) and "path" not in given.get("storage", {}):
        merged.get("storage", {}).pop("path", None)
    account = {key: environment[name] for name, key in TWILIO_VARIABLES.items() if environment.get(name)}
    if "accounts" not in merged and "account_sid" in account:
        merged["accounts"] = [account]
    return merged


def _tells_a_cluster(table: Any) -> bool:
    return isinstance(table, Mapping) and not {"postgres", "postgres_file"}.isdisjoint(table)


TWILIO_VARIABLES = {
    "TWILIO_ACCOUNT_SID": "account_sid",
    "TWILIO_ACCOUNT_NAME": "name",
    "TWILIO_API_KEY": "api_key",
    "TWILIO_API_SECRET": "api_secret",
    "TWILIO_API_SECRET_FILE": "api_secret_file",
    "TWILIO_NEXT_API_KEY": "next_api_key",
    "TWILIO_NEXT_API_SECRET": "next_api_secret",
    "TWILIO_NEXT_API_SECRET_FILE": "next_api_secret_file",
    "TWILIO_AUTH_TOKEN": "auth_token",
    "TWILIO_AUTH_TOKEN_FILE": "auth_token_file",
    "TWILIO_REGION": "region",
    "TWILIO_EDGE": "edge",
}


def _from_text(model: type[Section], key: str, text: str) -> Any:
    is_list = str(model.model_fields[key].annotation).startswith("tuple")
    return [part.strip() for part in text.split(",") if part.strip()] if is_list else text
