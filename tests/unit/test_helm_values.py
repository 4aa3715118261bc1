"""The chart without Helm: every value is explained, checked and used, and it is the chart of this very version.

What Helm makes of it: tests/e2e/test_helm_chart.py.
"""

import json
import re
from pathlib import Path

import yaml

from deploy.helm import values_table
from monitor import __version__

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "roomwatch"
VALUES = (CHART / "values.yaml").read_text(encoding="utf-8")
TEMPLATES = "".join(file.read_text(encoding="utf-8") for file in sorted((CHART / "templates").rglob("*.*")))


def test_the_chart_installs_the_version_that_it_lies_beside():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == __version__


def test_the_table_of_values_is_what_their_comments_say():
    readme = (CHART / "README.md").read_text(encoding="utf-8")
    assert readme == values_table.with_table(readme, VALUES), "python deploy/helm/values_table.py writes it anew"


def test_every_value_is_explained():
    found = list(values_table.values(VALUES))
    assert len(found) > 50
    assert [value.path for value in found if not value.words] == []


def test_every_value_is_used_and_whatever_is_used_is_a_value():
    declared = {value.path for value in values_table.values(VALUES)}
    parents = {path[:at] for path in declared for at, letter in enumerate(path) if letter == "."}
    used = set(re.findall(r"\.Values\.([\w.]+)", TEMPLATES))
    assert used <= declared | parents
    wholes = {"image", "resources", "podSecurityContext"}  # these are walked through or handed on
    assert {path for path in declared if path not in used and path.partition(".")[0] not in wholes} == set()


def test_the_schema_knows_every_value_and_no_other():
    def known(schema, path=""):
        for name, of in schema.get("properties", {}).items():
            inner = of.get("properties") if path + name in containers else None
            yield from known(of, f"{path}{name}.") if inner else (path + name,)

    declared = {value.path for value in values_table.values(VALUES)}
    containers = {path[:at] for path in declared for at, letter in enumerate(path) if letter == "."}
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    optional = {"global"} | {
        f"resources.{of}.{what}" for of in ("requests", "limits") for what in ("cpu", "memory", "ephemeral-storage")
    }
    assert declared <= set(known(schema))
    assert set(known(schema)) - optional <= declared


def test_rules_and_dashboards_are_links_to_the_very_files_and_to_all_of_them():
    """Links to files: sdists leave out what a link to a folder leads to, and have copies of the rest."""
    links = {file for file in (CHART / "files").rglob("*") if not file.is_dir()}
    prometheus, grafana = ROOT / "dashboards" / "prometheus", ROOT / "dashboards" / "grafana" / "json"
    ours = {prometheus / "recording.yml", prometheus / "alerting.yml", *grafana.glob("*.json")}
    assert {link.name: link.read_bytes() for link in links} == {file.name: file.read_bytes() for file in ours}
    assert all(link.is_symlink() or not (ROOT / ".git").exists() for link in links)
