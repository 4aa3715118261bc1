"""What the chart becomes, by the real Helm: known to Kubernetes, restricted, and a configuration that is right."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema_rs import Draft202012Validator

from tests.authority import Authority
from tests.e2e import helm
from tests.e2e.custom_resources import SCHEMAS
from tests.e2e.helm import CHART, Manifest, one
from tests.e2e.tools import ROOT

pytestmark = pytest.mark.e2e

KUBERNETES = ("1.27", "1.33", "1.37")
VALUES = {file.name.removesuffix("-values.yaml"): file for file in sorted((CHART / "ci").glob("*-values.yaml"))}
MINIMUM = ("--values", str(VALUES["minimum"]))
CLUSTER = ("--values", str(VALUES["cluster"]))


@pytest.fixture(scope="module")
def charts() -> dict[str, list[Manifest]]:
    """What becomes of each of the examples."""
    return {name: helm.rendered("--values", str(file)) for name, file in VALUES.items()}


@pytest.fixture(scope="module")
def everything(charts: dict[str, list[Manifest]]) -> list[Manifest]:
    return charts["everything"]


def pods(manifests: list[Manifest]) -> Iterator[Manifest]:
    """Yield the specification of every pod: the daemon's, that of the test, and of whoever migrates."""
    yield one(manifests, "StatefulSet")["spec"]["template"]["spec"]
    yield one(manifests, "Pod")["spec"]
    yield from (each["spec"]["template"]["spec"] for each in manifests if each["kind"] == "Job")


def variables(manifests: list[Manifest]) -> dict[str, str]:
    (container,) = one(manifests, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"]}


# --- Helm and Kubernetes take it ----------------------------------------------------------------------------


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_helm_has_nothing_to_say_against_it(values: Path) -> None:
    done = helm.run("lint", "--strict", str(CHART), "--values", str(values))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_field(charts: dict[str, list[Manifest]], version: str) -> None:
    for manifests in charts.values():
        for manifest in manifests:
            if manifest["kind"] not in SCHEMAS:
                kubernetes_validate.validate(manifest, version, strict=True)


def test_the_operators_know_every_field_of_their_own_kinds(charts: dict[str, list[Manifest]]) -> None:
    seen = set()
    for manifest in [manifest for manifests in charts.values() for manifest in manifests]:
        if manifest["kind"] in SCHEMAS:
            Draft202012Validator(SCHEMAS[manifest["kind"]]).validate(manifest)
            seen.add(manifest["kind"])
    assert seen == set(SCHEMAS)


def test_two_releases_can_live_in_one_namespace() -> None:
    names = [
        {(each["kind"], each["metadata"]["name"]) for each in helm.rendered(*MINIMUM, release=release)}
        for release in ("calls", "roomwatch-of-others")
    ]
    assert names[0].isdisjoint(names[1])


def test_the_longest_name_of_a_release_is_none_too_long() -> None:
    manifests = helm.rendered("--values", str(VALUES["everything"]), "--set", "fullnameOverride=", release="r" * 53)
    assert len(one(manifests, "StatefulSet")["metadata"]["name"]) <= 52, "a label of its pods has eleven more"
    assert all(len(each["metadata"]["name"]) <= 63 for each in manifests if each["kind"] == "Service")


# --- values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("image.repositry=x", "additional properties 'repositry' not allowed"),
        ("persistence.enabled=false", "additional properties 'enabled' not allowed"),
        ("replicas=2", "/replicas"),
        ("replicas=0", "/replicas"),
        ("cluster.enabled=true", "/cluster/clickhouse/url"),
        ("cluster.clickhouse.url=http://clickhouse:8123", "/cluster/clickhouse/url"),
        ("cluster.postgres.existingSecret=x", "/cluster/postgres/existingSecret"),
        ("persistence.size=", "/persistence/size"),
        ("persistence.accessMode=ReadWriteMany", "/persistence/accessMode"),
        ("secret.existingSecret=", "/secret/existingSecret"),
        ("image.repository=", "/image/repository"),
        ("ingress.enabled=true", "/public/trustedProxies"),
        ("externalSecret.enabled=true", "/externalSecret/path"),
        ("podSecurityContext.runAsUser=0", "/podSecurityContext/runAsUser"),
        ("startupSeconds=10", "/startupSeconds"),
        ("private.url=roomwatch.example.com", "/private/url"),
        ("private.tls.webConfigKey=web.yml", "/private/tls"),
        ("public.tls.cert=x", "additional properties 'cert' not allowed"),
    ],
)
def test_values_that_would_not_work_are_refused(said: str, expected: str) -> None:
    assert expected in helm.refusal(*MINIMUM, "--set", said)


def test_nothing_is_installed_without_an_image_and_a_secret() -> None:
    assert {"/image/repository", "/secret/existingSecret"} <= {
        place.strip("'") for place in helm.refusal().replace(":", " ").split() if place.startswith("'/")
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("cluster.enabled=false", "/replicas"),
        ("persistence.existingClaim=mine", "/persistence/existingClaim"),
        ("cluster.clickhouse.url=clickhouse:8123", "/cluster/clickhouse/url"),
        ("cluster.postgres.addressKey=", "/cluster/postgres/addressKey"),
        ("networkPolicy.postgres.to=null", "/networkPolicy/postgres"),  # which would be everybody
        ("cluster.maxUnavailable=0", "/cluster/maxUnavailable"),
    ],
)
def test_a_cluster_that_would_not_work_is_refused(said: str, expected: str) -> None:
    assert expected in helm.refusal(*CLUSTER, "--set", said)


def test_a_policy_that_lets_no_replica_reach_a_database_is_refused() -> None:
    for database in ("postgres", "clickhouse"):
        said = helm.refusal(*CLUSTER, "--set-json", f"networkPolicy.{database}.to=[]")
        assert f"/networkPolicy/{database}/to" in said
    assert helm.rendered(*CLUSTER, "--set", "networkPolicy.enabled=false")


# --- the pod ------------------------------------------------------------------------------------------------


def test_every_pod_is_restricted(charts: dict[str, list[Manifest]]) -> None:
    """The Pod Security Standard "restricted", rule by rule."""
    for pod in [pod for manifests in charts.values() for pod in pods(manifests)]:
        assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC", "hostUsers"}
        assert {next(iter(volume.keys() - {"name"})) for volume in pod["volumes"]} <= {
            *("configMap", "emptyDir", "persistentVolumeClaim", "secret")
        }
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"].get("runAsUser") != 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert all("hostPort" not in port for port in container.get("ports", ()))
        assert "initContainers" not in pod


def test_no_pod_can_speak_to_kubernetes_or_is_told_of_services(charts: dict[str, list[Manifest]]) -> None:
    for manifests in charts.values():
        assert one(manifests, "ServiceAccount")["automountServiceAccountToken"] is False
        for pod in pods(manifests):
            assert pod["automountServiceAccountToken"] is False
            assert pod["enableServiceLinks"] is False


def test_secrets_are_for_the_pods_group_alone_and_never_in_the_environment(everything: list[Manifest]) -> None:
    for pod in pods(everything):
        (secret,) = (volume["secret"] for volume in pod["volumes"] if "secret" in volume)
        assert secret["defaultMode"] == 0o440
        assert secret["secretName"] == "roomwatch"
    assert not [manifest for manifest in everything if manifest["kind"] == "Secret"]
    assert all("valueFrom" not in each for pod in pods(everything) for each in pod["containers"][0].get("env", ()))


def test_there_is_one_daemon_and_its_database_outlives_the_release(charts: dict[str, list[Manifest]]) -> None:
    daemon = one(charts["minimum"], "StatefulSet")["spec"]
    assert daemon["replicas"] == 1
    assert "volumeClaimTemplates" not in daemon, "a size there cannot be changed later"
    claim = one(charts["minimum"], "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert variables(charts["minimum"])["ROOMWATCH_STORAGE_PATH"].startswith("/var/lib/roomwatch/")
    assert not [each for each in charts["external-secret"] if each["kind"] == "PersistentVolumeClaim"]


def test_a_start_may_take_as_long_as_a_migration() -> None:
    (container,) = next(pods(helm.rendered(*MINIMUM, "--set", "startupSeconds=7200")))["containers"]
    probe = container["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 7200
    assert container["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": "private"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": "private"}


def test_another_configuration_restarts_the_pod_unless_that_is_not_wanted() -> None:
    def template(*arguments: str) -> Any:
        return one(helm.rendered(*MINIMUM, *arguments), "StatefulSet")["spec"]["template"]

    changed = ("--set", 'config=[log]\nformat = "json"')
    assert template() != template(*changed)
    by_hand = ("--set", "restartOnConfigChange=false")
    assert template(*by_hand) == template(*by_hand, *changed)


def test_on_a_platform_that_chooses_the_user_none_is_asked_for(charts: dict[str, list[Manifest]]) -> None:
    for pod in pods(charts["external-secret"]):
        assert pod["securityContext"].keys().isdisjoint({"runAsUser", "runAsGroup", "fsGroup"})


# --- the daemon takes what it is given ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["minimum", "everything", "tls", "cluster"])
def test_the_daemon_finds_its_configuration_right(charts: dict[str, list[Manifest]], name: str, tmp_path: Path) -> None:
    """With all that the pod has: the file, the environment, and a file for each secret."""
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o750)
    for number, key in enumerate(
        ("access-token", "prometheus-token", "token-ann", "twilio-api-secret", "twilio-auth-token", "pagerduty")
    ):
        file = secrets / key
        file.write_text(f"{number:032d}\n")
        file.chmod(0o440)

    (secrets / "clickhouse-password").write_text("secret\n")
    (tmp_path / "postgres").mkdir(mode=0o750)
    (tmp_path / "postgres" / "uri").write_text("postgresql://roomwatch:secret@db1,db2/calls\n")
    for file in (secrets / "clickhouse-password", tmp_path / "postgres" / "uri"):
        file.chmod(0o440)

    for listener in ("public", "private"):
        (folder := tmp_path / "tls" / listener).mkdir(parents=True)
        authority = Authority(folder)
        authority.cert_file.rename(folder / "tls.crt")
        authority.key_file.rename(folder / "tls.key")
        (folder / "tls.key").chmod(0o440)

    def here(text: str) -> str:
        text = text.replace("/etc/roomwatch/secrets", str(secrets)).replace("/var/lib/roomwatch", str(tmp_path))
        return text.replace("/etc/roomwatch/tls", str(tmp_path / "tls")).replace("/etc/roomwatch", str(tmp_path))

    config = tmp_path / "config.toml"
    config.write_text(here(one(charts[name], "ConfigMap", ending="h")["data"]["config.toml"]))
    environment = {key: here(value) for key, value in variables(charts[name]).items()}
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "check-config", str(config)],
        cwd=ROOT,
        env={"PATH": os.defpath, **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "prometheus (viewer)" in done.stdout


def test_what_the_chart_knows_is_said_by_the_environment(everything: list[Manifest]) -> None:
    said = variables(everything)
    assert said["ROOMWATCH_PUBLIC_URL"] == "https://watch.example.com"
    assert said["ROOMWATCH_PUBLIC_TRUSTED_PROXIES"] == "10.0.0.0/8,fd00::/8"
    assert said["ROOMWATCH_PRIVATE_ACCESS_TOKEN_FILE"] == "/etc/roomwatch/secrets/access-token"
    assert said["ROOMWATCH_PRIVATE_HOST"] == "0.0.0.0"


# --- a cluster ----------------------------------------------------------------------------------------------


def test_replicas_have_no_volume_and_are_replaced_one_at_a_time(charts: dict[str, list[Manifest]]) -> None:
    daemon = one(charts["cluster"], "StatefulSet")["spec"]
    assert (daemon["replicas"], daemon["updateStrategy"]) == (3, {"type": "RollingUpdate"})
    assert daemon["minReadySeconds"] > 0
    assert not [each for each in charts["cluster"] if each["kind"] == "PersistentVolumeClaim"]
    assert all("persistentVolumeClaim" not in each for each in daemon["template"]["spec"]["volumes"])
    assert not {"ROOMWATCH_STORAGE_PATH", "SQLITE_TMPDIR"} & set(variables(charts["cluster"]))
    budget = one(charts["cluster"], "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"].items() <= daemon["template"]["metadata"]["labels"].items()


def test_replicas_are_spread_over_nodes_and_zones_as_far_as_that_is_possible(charts: dict[str, list[Manifest]]) -> None:
    template = one(charts["cluster"], "StatefulSet")["spec"]["template"]
    spread = template["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    for each in spread:
        assert each["whenUnsatisfiable"] == "ScheduleAnyway"
        assert each["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


def test_credentials_of_databases_are_files_of_secrets_that_are_there(charts: dict[str, list[Manifest]]) -> None:
    said = variables(charts["cluster"])
    assert said["ROOMWATCH_CLUSTER_POSTGRES_FILE"] == "/etc/roomwatch/postgres/uri"
    assert said["ROOMWATCH_CLUSTER_CLICKHOUSE_PASSWORD_FILE"] == "/etc/roomwatch/secrets/clickhouse-password"
    daemon, _, migration = pods(charts["cluster"])
    for pod in (daemon, migration):
        secrets = {each["name"]: each["secret"] for each in pod["volumes"] if "secret" in each}
        assert secrets["postgres"] == {"secretName": "roomwatch-postgres", "defaultMode": 0o440}
        (container,) = pod["containers"]
        assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}


def test_an_upgrade_migrates_before_it_touches_a_replica(charts: dict[str, list[Manifest]]) -> None:
    job = one(charts["cluster"], "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"][0] == "migrate"
    (replica,) = one(charts["cluster"], "StatefulSet")["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each["value"] for each in container["env"]}
    assert {name for name in given if "_CLUSTER_" in name} == {
        each["name"] for each in replica["env"] if "_CLUSTER_" in each["name"]
    }
    labels = job["spec"]["template"]["metadata"]["labels"]
    for service in (each for each in charts["cluster"] if each["kind"] == "Service"):
        assert not service["spec"]["selector"].items() <= labels.items(), "nobody is led to it"
    by_hand = helm.rendered(*CLUSTER, "--set", "cluster.migrateBeforeUpgrade=false")
    assert not [each for each in by_hand if each["kind"] == "Job"]


def test_whoever_needs_the_databases_may_reach_them(charts: dict[str, list[Manifest]]) -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in charts["cluster"] if each["kind"] == "NetworkPolicy"}
    for name, ports in (
        ("calls-roomwatch", [[53, 53], [443], [5432], [8123]]),
        ("calls-roomwatch-migration", [[53, 53], [5432], [8123]]),
    ):
        egress = policies[name]["egress"]
        assert [[port["port"] for port in rule["ports"]] for rule in egress] == ports
        assert all(rule["to"] for rule in egress)
    labels = one(charts["cluster"], "Job")["spec"]["template"]["metadata"]["labels"]
    assert policies["calls-roomwatch-migration"]["podSelector"]["matchLabels"].items() <= labels.items()


def test_of_a_cluster_each_replica_is_scraped_and_what_is_the_same_once(charts: dict[str, list[Manifest]]) -> None:
    (endpoint,) = one(charts["cluster"], "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["path"] == "/metrics"
    fleet = one(charts["cluster"], "ScrapeConfig")["spec"]
    service = one(charts["cluster"], "Service", "-any")
    (static,) = fleet["staticConfigs"]
    assert static["targets"] == [f"{service['metadata']['name']}.video.svc:8471"]
    assert (fleet["metricsPath"], static["labels"]["job"]) == ("/metrics/fleet", "roomwatch")
    assert "publishNotReadyAddresses" not in service["spec"], "one that only starts has no picture yet"
    assert fleet["authorization"]["credentials"]["key"] == "prometheus-token"
    secure = helm.rendered(*CLUSTER, "--set", "private.tls.existingSecret=tls")
    assert one(secure, "ScrapeConfig")["spec"]["scheme"] == "HTTPS"
    for name in ("minimum", "everything"):
        assert not {"ScrapeConfig", "PodDisruptionBudget", "Job"} & {each["kind"] for each in charts[name]}


# --- TLS ----------------------------------------------------------------------------------------------------


def test_certificates_are_mounted_for_the_pods_group_alone(charts: dict[str, list[Manifest]]) -> None:
    pod = next(pods(charts["tls"]))
    volumes = {each["name"]: each["secret"] for each in pod["volumes"] if each["name"].endswith("-tls")}
    assert volumes == {
        "public-tls": {"secretName": "watch-public-tls", "defaultMode": 0o440},
        "private-tls": {"secretName": "watch-private-tls", "defaultMode": 0o440},
    }
    mounted = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    assert {name: mounted[name] for name in volumes} == {
        "public-tls": "/etc/roomwatch/tls/public",
        "private-tls": "/etc/roomwatch/tls/private",
    }


def test_whoever_asks_the_private_listener_speaks_tls_where_it_does(charts: dict[str, list[Manifest]]) -> None:
    (container,) = next(pods(charts["tls"]))["containers"]
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert [each["scheme"] for each in probes] == ["HTTPS"] * 3
    (endpoint,) = one(charts["tls"], "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["scheme"] == "https"
    service = one(charts["tls"], "Service", "-private")["metadata"]["name"]
    assert endpoint["tlsConfig"] == {
        "serverName": f"{service}.video.svc",
        "ca": {"secret": {"name": "watch-private-tls", "key": "ca.crt"}},
    }
    (asked,) = one(charts["tls"], "Pod")["spec"]["containers"][0]["args"]
    assert f'"https://{service}:8471"' in asked
    compile(asked, "answers", "exec")
    for manifests in (charts["minimum"], charts["everything"]):
        assert '"HTTPS"' not in json.dumps(one(manifests, "StatefulSet"))
        assert "tls" not in one(manifests, "ConfigMap", ending="h")["data"]["config.toml"]


def test_a_web_configuration_goes_in_the_place_of_the_certificate_alone() -> None:
    values = ("--values", str(VALUES["tls"]), "--set", "private.tls.webConfigKey=web.yml")
    manifests = helm.rendered(*values, "--set-json", 'serviceMonitor.tlsConfig={"insecureSkipVerify":true}')
    assert variables(manifests)["ROOMWATCH_PRIVATE_WEB_CONFIG_FILE"] == "/etc/roomwatch/secrets/web.yml"
    config = tomllib.loads(
        next(each for each in manifests if "config.toml" in each.get("data", {}))["data"]["config.toml"]
    )
    assert "tls" not in config["private"]
    assert "tls" in config["public"]
    (endpoint,) = one(manifests, "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["tlsConfig"] == {"insecureSkipVerify": True}


# --- who reaches it, and whom it reaches --------------------------------------------------------------------


def test_services_and_policies_mean_the_daemon_and_not_the_test(everything: list[Manifest]) -> None:
    labels = one(everything, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    of_test = one(everything, "Pod")["metadata"]["labels"]
    selectors = [each["spec"]["selector"] for each in everything if each["kind"] == "Service"]
    selectors.append(one(everything, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"])
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not selector.items() <= of_test.items()


def test_the_world_reaches_the_public_listener_only(everything: list[Manifest]) -> None:
    (rule,) = one(everything, "Ingress")["spec"]["rules"]
    backends = [path["backend"]["service"]["name"] for path in rule["http"]["paths"]]
    assert backends == [one(everything, "Service", "-public")["metadata"]["name"]]
    assert one(everything, "Service", "-private")["spec"]["type"] == "ClusterIP"


def test_what_no_rule_names_is_not_let_through(everything: list[Manifest]) -> None:
    policy = one(everything, "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in policy["ingress"]] == [["public"], ["private"]]
    assert all(rule["from"] for rule in policy["ingress"])
    assert [[port["port"] for port in rule["ports"]] for rule in policy["egress"]] == [[53, 53], [443], [9093]]
    assert all(rule["to"] for rule in policy["egress"])


def test_nobody_but_the_test_reaches_the_private_listener_where_nobody_is_named() -> None:
    policy = one(helm.rendered(*MINIMUM, "--set-json", "networkPolicy.privateFrom=[]"), "NetworkPolicy")["spec"]
    (peer,) = policy["ingress"][1]["from"]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "test"


# --- Prometheus and Grafana ---------------------------------------------------------------------------------


def test_prometheus_scrapes_the_private_service_with_the_token_of_its_own(everything: list[Manifest]) -> None:
    monitor = one(everything, "ServiceMonitor")["spec"]
    labels = one(everything, "Service", "-private")["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    assert (
        not monitor["selector"]["matchLabels"].items()
        <= one(everything, "Service", "-public")["metadata"]["labels"].items()
    )
    (endpoint,) = monitor["endpoints"]
    assert endpoint["authorization"]["credentials"] == {"name": "roomwatch", "key": "prometheus-token"}
    assert labels[monitor["jobLabel"]] == "roomwatch", "the alerts look for this job"


def test_prometheus_is_given_the_very_rules_of_the_repository(everything: list[Manifest]) -> None:
    given = one(everything, "PrometheusRule")["spec"]["groups"]
    folder = ROOT / "dashboards" / "prometheus"
    ours = [
        group
        for file in ("recording.yml", "alerting.yml")
        for group in yaml.safe_load((folder / file).read_text(encoding="utf-8"))["groups"]
    ]
    for rule in [rule for group in given for rule in group["rules"] if "alert" in rule]:
        notes = rule["annotations"]
        assert notes["runbook_url"].startswith("https://git.example.com/roomwatch/docs/runbooks/")
        assert notes["dashboard_url"].startswith("https://grafana.example.com/d/")
        notes["runbook_url"] = notes["runbook_url"].removeprefix("https://git.example.com/roomwatch/")
        notes["dashboard_url"] = notes["dashboard_url"].removeprefix("https://grafana.example.com")
    assert given == ours


def test_promtool_takes_the_rules_as_they_arrive(everything: list[Manifest], promtool: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps(one(everything, "PrometheusRule")["spec"]))
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", str(file)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_is_given_the_very_dashboards_of_the_repository(everything: list[Manifest]) -> None:
    maps = [each for each in everything if each["metadata"]["name"].endswith("-dashboard")]
    given = {}
    for each in maps:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert sum(len(text.encode()) for text in each["data"].values()) < 1_000_000, "a ConfigMap holds a megabyte"
        given |= {name: json.loads(text) for name, text in each["data"].items()}
    folder = ROOT / "dashboards" / "grafana" / "json"
    theirs = {
        file.name: json.loads(file.read_text().replace("http://127.0.0.1:8471", "https://roomwatch.example.com"))
        for file in folder.glob("*.json")
    }
    assert given == theirs


# --- what is handed on --------------------------------------------------------------------------------------


def test_a_packaged_chart_has_rules_and_dashboards_in_it(tmp_path: Path) -> None:
    done = helm.run("package", str(CHART), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.iterdir()
    with tarfile.open(package) as packed:
        names = packed.getnames()
        read = packed.extractfile("roomwatch/files/alerting.yml")
        assert read is not None
        assert read.read() == (ROOT / "dashboards" / "prometheus" / "alerting.yml").read_bytes()
    assert len([name for name in names if name.startswith("roomwatch/files/grafana/")]) == 5
    assert not [name for name in names if "/ci/" in name]
    assert package.stat().st_size < 200_000, "a release with all its files has to fit into a Secret"


def test_the_notes_say_how_to_go_on() -> None:
    done = helm.run("install", "calls", str(CHART), "--dry-run=client", *MINIMUM)
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    assert "port-forward service/calls-roomwatch-private 8471" in notes
    assert "No configuration was given" in notes
