"""What in a configuration is allowed, but probably not meant?"""

from collections.abc import Iterable, Iterator, Sequence

from alerts.matchers import Matcher
from alerts.model import Kind, Rule, Severity
from alerts.notifiers.registry import kind_of
from alerts.routing import Route, plans
from monitor.config import Config
from monitor.escalation_warnings import about_escalations
from monitor.exposed_files import exposed_secrets
from monitor.roles import Role
from monitor.settings import Account, Private, is_local

#: Who sends through Twilio cannot tell that Twilio is down.
TWILIO_KINDS = frozenset({"twilio_sms", "twilio_voice", "twilio_studio", "sendgrid"})


def warnings_about(config: Config) -> list[str]:
    """Return what is allowed but probably not meant."""
    warnings = [f"account {account.name}: {what}" for account in config.accounts for what in _about_account(account)]
    if not config.accounts:
        warnings.append("no account: neither polling nor callbacks; only telemetry with an ingest key comes in")
    if not config.notifiers:
        warnings.append("no receiver: alerts are shown but nobody is told")
    elif config.routing.plan is None or not config.routing.plan.steps:
        warnings.append("no alerts.default_receiver: an alert that no route matches is told to nobody")
    is_reachable = bool(config.public.url) and not is_local(config.public.url)
    return [
        *warnings,
        *about_escalations(config.routing, config.notifiers, is_reachable=is_reachable),
        *_routes_that_never_match(config),
        *_routes_behind_others(config.routing),
        *_receivers_without_a_route(config),
        *_only_through_twilio(config),
        *_about_access(config.private),
        *exposed_secrets(None, config),
    ]


def _about_account(account: Account) -> Iterator[str]:
    if not account.auth_tokens() and not account.webhook_keys:
        yield "no auth_token and no webhook_keys, so its callbacks are all refused"
    if not account.token_keys():
        yield "no API key, so participants' access tokens are all refused"
    if account.next_api_key is not None:
        yield "its key is being changed; when that is done, make next_api_key its api_key"


# --- who is let in ---------------------------------------------------------------------------------------


def _about_access(private: Private) -> Iterator[str]:
    roles = private.roles()
    if roles and Role.ADMIN not in roles:
        yield "nobody can log in as an admin by private.tokens; an address that does it once is printed at each start"


# --- routes ----------------------------------------------------------------------------------------------


def _routes_that_never_match(config: Config) -> Iterator[str]:
    """Find routes that wait for a word which is not listed in [names], nor given by any rule."""
    given = {label: {rule.labels.get(label) for rule in config.rules} for label in ("tenant", "resource_kind")}
    for route in _below(config.routing):
        for label, key in (("tenant", "tenants"), ("resource_kind", "kinds")):
            known = {*config.naming.values.get(label, ()), *given[label]}
            for matcher in route.matchers:
                if matcher.name == label and matcher.operator == "=" and matcher.value not in known:
                    yield f"route {route.name}: {label} is never {matcher.value!r}, which names.{key} does not list"


def _routes_behind_others(above: Route) -> Iterator[str]:
    """Find routes that are never asked, since one before them takes whatever they are for."""
    for place, route in enumerate(above.routes):
        taker = next((each for each in above.routes[:place] if _takes_all_of(each, route)), None)
        if taker is not None:
            yield (
                f"route {route.name}: it is never asked, because {taker.name} before it takes all of its alerts;"
                " put it first, or let the other continue"
            )
        yield from _routes_behind_others(route)


def _takes_all_of(earlier: Route, later: Route) -> bool:
    is_certain = all(_follows(each, later.matchers) for each in earlier.matchers)
    return is_certain and not earlier.continue_


def _follows(matcher: Matcher, from_matchers: Iterable[Matcher]) -> bool:
    """Whether a matcher agrees with every alert that others agree with, as far as that can be told from the text."""
    return any(
        each == matcher
        or (each.name == matcher.name and each.operator == "=" and matcher.matches({each.name: each.value}))
        for each in from_matchers
    )


def _below(route: Route) -> Iterator[Route]:
    for each in route.routes:
        yield each
        yield from _below(each)


# --- receivers -------------------------------------------------------------------------------------------


def _receivers_without_a_route(config: Config) -> Iterator[str]:
    used = {*config.routing.receivers(), config.alerts.fallback_receiver}
    unused = [name for name in config.notifiers if name not in used]
    if unused:
        yield f"receivers without a use: {', '.join(unused)}: no route, no escalation and no default leads to them"


def _only_through_twilio(config: Config) -> Iterator[str]:
    """Find critical alerts that nobody would hear of on the day on which it is Twilio that is down."""
    critical = [rule for rule in config.rules if rule.severity is Severity.CRITICAL]
    for rules, which in (
        (critical, "critical alerts reach"),
        ([rule for rule in critical if rule.over is Kind.ACCOUNT], "critical alerts about Twilio itself reach"),
    ):
        receivers = _reached(config.routing, rules)
        if receivers and all(kind_of(config.notifiers[name]) in TWILIO_KINDS for name in receivers):
            yield (
                f"{which} only {', '.join(receivers)}, all of them through Twilio: what takes Twilio down takes the"
                " page about it along; let a receiver that needs no Twilio hear of them, too"
            )
            return


def _reached(root: Route, rules: Sequence[Rule]) -> tuple[str, ...]:
    """Return whom alerts of these rules reach, by the labels that all of them have."""
    labels = [{**r.labels, "alertname": r.name, "severity": r.severity.value, "kind": r.over.value} for r in rules]
    return tuple(dict.fromkeys(name for each in labels for plan in plans(each, root) for name in plan.receivers))
