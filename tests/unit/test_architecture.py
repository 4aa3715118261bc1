"""The arrows that ARCHITECTURE.md draws, and those that it leaves out."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("monitor", "collectors", "alerts", "dashboards")

PURE = {
    "monitor.blind_spots",
    "monitor.number_table",
    *("monitor.capacity.advice", "monitor.capacity.assumptions", "monitor.capacity.demand", "monitor.capacity.limits"),
    *("monitor.capacity.one_machine", "monitor.capacity.population", "monitor.capacity.several_machines"),
    *("monitor.capacity.twilio", "monitor.capacity.wording"),
    *("monitor.supervision.liveness", "monitor.supervision.status_line", "monitor.log_repeats", "monitor.clock_check"),
    *("collectors.events", "collectors.observations", "collectors.telemetry", "collectors.callbacks"),
    "collectors.measured",
    *("collectors.telemetry_dictionary", "collectors.telemetry_schema", "collectors.base", "collectors.rest.budget"),
    *("collectors.error_codes", "collectors.soundness", "collectors.device_errors"),
    *("collectors.rest.adaptive_rate", "collectors.rest.answers", "collectors.rest.bounds", "collectors.rest.breaker"),
    *("collectors.rest.concurrency", "collectors.rest.keyring", "collectors.rest.outcome", "collectors.rest.retries"),
    *("collectors.rest.token_bucket", "collectors.event_streams"),
    *(
        "monitor.calls",
        "monitor.unsaved",
        "monitor.hearing",
        "monitor.seeing",
        "monitor.media",
        "monitor.accounts",
        "monitor.merging",
        "monitor.rings",
    ),
    *("monitor.agenda", "monitor.attendance", "monitor.callback_health", "monitor.cadence", "monitor.census"),
    *("monitor.entities", "monitor.live", "monitor.rings", "monitor.readings", "monitor.metrics"),
    *("monitor.histograms", "monitor.sample_counts", "monitor.headcount", "monitor.call_metrics"),
    *("monitor.runbook_links", "monitor.http.runbook_page"),
    *("monitor.stalls.judgement", "monitor.chores", "monitor.self_metrics"),
    *("monitor.alert_metrics", "monitor.failures", "collectors.resources"),
    *(
        "monitor.account_readings",
        "monitor.forecast",
        "monitor.limits",
        "monitor.store.rows",
        "monitor.store.comparing",
        "monitor.store.erased_rows",
        "monitor.store.granting",
        "monitor.store.identifying",
        "monitor.duties.balance",
        "monitor.fleet_metrics",
        "monitor.store.leases",
        "monitor.store.numbering",
        "monitor.store.picture_rows",
        "monitor.store.postgres.texts",
        "monitor.store.keeping",
        "monitor.store.forgotten",
        "monitor.store.person",
    ),
    *("monitor.history.samples", "monitor.history.chunks", "monitor.history.gathering"),
    *("monitor.history.differences", "monitor.history.sheets"),
    "monitor.bundle.redaction",
    *("monitor.emodel", "monitor.quality", "monitor.good_minutes"),
    *("monitor.history.counters", "monitor.history.sketches", "monitor.history.people", "monitor.history.spans"),
    *("monitor.history.rollups", "monitor.history.rollup_rows", "monitor.history.buckets", "monitor.history.answers"),
    "monitor.history.exact",
    *("monitor.canary_steps", "monitor.callback_address", "monitor.doctor.findings", "monitor.doctor.judgement"),
    *("monitor.doctor.cluster_judgement", "monitor.doctor.process_judgement", "monitor.doctor.reach_judgement"),
    *("monitor.doctor.storage_judgement", "monitor.sizes", "monitor.store.fullness"),
    "monitor.store.refusals",
    *(
        "monitor.config_lines",
        "monitor.recent",
        "monitor.naming",
        "monitor.packing",
        "monitor.http.rate",
        "monitor.http.origins",
        "monitor.http.proxies",
        "monitor.http.failures",
        "monitor.http.certificate_dates",
    ),
    *("monitor.roles", "monitor.http.permissions", "monitor.http.same_origin", "monitor.http.next_page"),
    *("monitor.http.proxy_login", "monitor.http.login_page"),
    *("monitor.http.cursors", "monitor.http.time_ranges", "monitor.http.operations", "monitor.http.house_operations"),
    *("monitor.http.addresses", "monitor.clock_offset", "monitor.pseudonyms", "collectors.moments"),
    *("alerts.model", "alerts.rules", "alerts.engine", "alerts.deadlines", "alerts.fingerprint", "alerts.routing"),
    *("alerts.group_book", "alerts.grouping", "alerts.groups", "alerts.regrouping", "alerts.storms"),
    *("alerts.flapping", "alerts.signals", "alerts.states", "alerts.timers", "monitor.blindness"),
    *("alerts.default_rules", "alerts.ports", "monitor.store.ports"),
    *("alerts.patterns", "alerts.matchers", "alerts.silences", "alerts.inhibition", "alerts.default_inhibitions"),
    *("alerts.default_rules", "alerts.crowd_rules", "alerts.house_rules", "alerts.ports", "monitor.store.ports"),
    *("monitor.crowds", "monitor.crowd_readings", "monitor.source_readings", "monitor.daemon_readings"),
    *("monitor.outcomes", "monitor.live_minutes", "monitor.glances"),
    *("monitor.objectives", "monitor.slo", "monitor.error_budgets"),
    *("monitor.slo_readings", "monitor.slo_metrics"),
    *("monitor.incident_links", "monitor.http.acknowledge_page", "monitor.escalation_warnings"),
    *("alerts.time_windows", "alerts.times_in_words", "alerts.muting", "alerts.route_story"),
    *("alerts.explaining", "alerts.hindsight", "alerts.lives", "alerts.not_asked", "alerts.word_story"),
    *("monitor.value_courses", "alerts.trial", "alerts.audit", "alerts.heartbeat"),
    *("monitor.verdict", "monitor.causes.case", "monitor.causes.crowds", "monitor.causes.facts"),
    "monitor.causes.devices",
    *("monitor.causes.hearsay", "monitor.causes.no_cause", "monitor.causes.one_person", "monitor.causes.twilio"),
    *(
        "monitor.causes.verdicts",
        "monitor.evidence.courses",
        "monitor.evidence.gathering",
        "monitor.evidence.stretches",
        "monitor.evidence.surroundings",
        "monitor.evidence.symptoms",
        "monitor.evidence.uplinks",
    ),
    *("monitor.evidence.thresholds", "monitor.evidence.troubles", "monitor.evidence.witnesses"),
    "monitor.evidence.wording",
    *("alerts.breaker", "alerts.budgets", "alerts.gates", "alerts.lanes", "alerts.receivers", "monitor.store.changing"),
    *("monitor.history.grids", "monitor.history.lanes", "monitor.history.scores"),
    *("monitor.story.shapes", "monitor.story.people"),
    *("monitor.story.lanes", "monitor.story.spans", "monitor.story.telling", "monitor.story.material"),
    *("monitor.story.missing", "monitor.story.redaction", "monitor.story.comings", "monitor.story.tracks"),
    *(
        "monitor.story.devices",
        "monitor.story.elsewhere",
        "monitor.story.witnessed",
        "monitor.story.identifying",
        "monitor.story.feeding",
    ),
    *("monitor.store.lines", "monitor.http.shared_routes"),
    "monitor.replay.rehearsing",
    *("monitor.replay.screening", "monitor.replay.retelling", "monitor.replay.judging", "monitor.replay.telling"),
    *("monitor.replay.stepping", "monitor.replay.reckoning", "monitor.replay.coverage", "monitor.replay.wording"),
    *("monitor.rule_tests.courses", "monitor.rule_tests.cases", "monitor.rule_tests.running"),
    *("dashboards.grafana.annotations", "dashboards.grafana.board", "dashboards.grafana.files"),
    *("dashboards.grafana.itself", "dashboards.grafana.layout", "dashboards.grafana.links", "dashboards.grafana.media"),
    *("dashboards.grafana.overview", "dashboards.grafana.panels", "dashboards.grafana.portable"),
    *("dashboards.grafana.promql", "dashboards.grafana.quality", "dashboards.grafana.queries"),
    *("dashboards.grafana.twilio_api", "dashboards.grafana.variables"),
    *("alerts.delivery", "alerts.notifiers.base", "alerts.notifiers.webhook", "alerts.notifiers.pagerduty"),
    *("alerts.notifiers.opsgenie", "alerts.notifiers.pagerduty_change", "alerts.notifiers.slack"),
    *("alerts.notifiers.teams", "alerts.notifiers.wording"),
    *("alerts.acknowledgement", "alerts.acknowledgements.pagerduty", "alerts.acknowledgements.slack"),
    *("alerts.acknowledgement", "alerts.receipts", "alerts.reply_codes", "alerts.phone_numbers", "alerts.sms_text"),
    *(
        "alerts.twilio_errors",
        "alerts.notifiers.mail_headers",
        "alerts.mail_addresses",
        "alerts.notifiers.sendgrid",
        "alerts.notifiers.twilio",
    ),
    *("alerts.notifiers.twilio_sms", "alerts.notifiers.twilio_studio", "alerts.notifiers.twilio_voice"),
    *("alerts.notifiers.letter", "alerts.notifiers.smtp", "alerts.notifiers.log", "alerts.alertmanager"),
}
IMPURE = {
    *("asyncio", "aiohttp", "aiosqlite", "sqlite3", "time", "logging", "os", "socket", "threading", "subprocess"),
    *("random", "secrets", "pathlib", "apscheduler", "twilio", "asyncpg"),
}


# Room to work in, one for each thread: what comes out follows from what goes in all the same.
OWN_MEMORY = {"monitor.packing": {"threading"}}


@cache
def modules() -> dict[str, ast.Module]:
    files = [
        file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "node_modules" not in file.parts
    ]
    return {_name(file): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported(tree: ast.Module) -> set[str]:
    """Return everything a module imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in modules() else node.module for name in inner}
    return names


@cache
def arrows() -> dict[str, set[str]]:
    return {name: imported(tree) & set(modules()) - {name} for name, tree in modules().items()}


def test_nothing_imports_in_a_circle() -> None:
    try:
        list(TopologicalSorter(arrows()).static_order())
    except CycleError as circle:
        pytest.fail(f"a circle: {' -> '.join(circle.args[1])}")


def test_collectors_alerts_and_dashboards_know_nothing_of_the_house() -> None:
    for name, targets in arrows().items():
        package = name.partition(".")[0]
        if package != "monitor":
            assert {target.partition(".")[0] for target in targets} <= {package}, name


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_pure_room_has_no_window(name: str) -> None:
    tree = modules()[name]
    assert {each.partition(".")[0] for each in imported(tree)} & IMPURE <= OWN_MEMORY.get(name, set())
    assert not any(isinstance(node, ast.Await | ast.AsyncFunctionDef) for node in ast.walk(tree)) or name in PORTS


PORTS = {"collectors.base", "alerts.ports", "monitor.store.leases", "monitor.store.ports"}  # declare what others await


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_pure_room_leads_only_to_pure_rooms(name: str) -> None:
    assert arrows()[name] <= PURE


def test_no_pure_room_asks_what_time_it_is() -> None:
    for name in PURE:
        calls = [node.func for node in ast.walk(modules()[name]) if isinstance(node, ast.Call)]
        asked = {func.attr for func in calls if isinstance(func, ast.Attribute)} & {"now", "utcnow", "today"}
        assert not asked, name


def test_sql_is_written_in_the_store_only() -> None:
    for name, tree in modules().items():
        if not name.startswith("monitor.store"):
            assert not {each.partition(".")[0] for each in imported(tree)} & {"sqlite3", "aiosqlite"}, name


#: Of what is in an extra, and the package that adapts it.
DRIVERS = {"asyncpg": "monitor.store.postgres", "clickhouse_connect": "monitor.store.clickhouse"}
CLUSTER = {
    "monitor.store.cluster",
    "monitor.store.cluster_upkeep",
    "monitor.store.cluster_moving",
    "monitor.store.cluster_returning",
}  # which put both together


def test_a_driver_is_imported_by_its_adapter_only_and_that_by_nothing_that_needs_no_cluster() -> None:
    for name, tree in modules().items():
        for driver, adapter in DRIVERS.items():
            is_inside = name == adapter or name.startswith(f"{adapter}.")
            assert is_inside or driver not in {each.partition(".")[0] for each in imported(tree)}, name
            assert is_inside or name in CLUSTER or not any(each.startswith(adapter) for each in arrows()[name]), name


def test_a_cluster_is_known_to_whoever_opens_it_only_and_not_before_somebody_wants_one() -> None:
    assert {name for name, targets in arrows().items() if CLUSTER & targets} - CLUSTER == {"monitor.opening"}
    said = "import sys, monitor.cli, monitor.app; print(sorted({'asyncpg', 'clickhouse_connect'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_only_the_scheduler_knows_apscheduler_and_only_the_transport_the_rest_client() -> None:
    for name, tree in modules().items():
        if name != "monitor.scheduler":
            assert not any(each.startswith("apscheduler") for each in imported(tree)), name
        if name != "collectors.rest.twilio":
            assert not any(each.startswith("twilio.rest") for each in imported(tree)), name


def test_the_simulator_stands_apart_from_what_it_is_shown_to() -> None:
    for name, targets in arrows().items():
        if name.startswith("monitor.simulator"):
            assert all(target.startswith("monitor.simulator") or target == "monitor" for target in targets), name


def test_nothing_but_the_demo_leads_to_the_simulator() -> None:
    for name, targets in arrows().items():
        if name != "monitor.demo" and not name.startswith("monitor.simulator"):
            assert not any(target.startswith("monitor.simulator") for target in targets), name
