"""What others' machines run for us: the same as ours, with every Python that is promised."""

import re
import tomllib
from pathlib import Path

import yaml

from deploy.pythons import VERSIONS, summary

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_a_change_lands_by_the_same_script_everywhere():
    assert {"run": ".ci/run"} in WORKFLOW["jobs"]["everything"]["steps"]


def test_every_python_that_is_promised_is_tried():
    assert WORKFLOW["jobs"]["pythons"]["strategy"]["matrix"]["python"] == list(VERSIONS)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={VERSIONS[0]}"


def test_jobs_end_by_themselves_and_may_only_read():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job and "permissions" not in job for job in WORKFLOW["jobs"].values())
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert all(step["with"]["fetch-depth"] == 0 for step in checkouts), "the version comes from tags"


def test_actions_are_the_forges_own_and_of_one_version_each():
    used = {step["uses"] for step in STEPS if "uses" in step}
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", each) for each in used)
    assert len({each.partition("@")[0] for each in used}) == len(used)


def test_what_jobs_make_is_on_the_menu():
    menu = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = {target for step in STEPS for target in re.findall(r"\bmake ([\w-]+)", step.get("run", ""))}
    assert made
    assert all(re.search(rf"^{target}:.*## ", menu, re.MULTILINE) for target in made)


def test_a_python_that_is_not_here_is_named_and_one_that_fails_counts():
    lines, code = summary({"3.11": True, "3.12": None})
    assert (lines, code) == (["3.11: passed", "3.12: skipped: not found here"], 0)
    assert summary({"3.11": True, "3.12": False})[1] == 1
    assert summary({"3.11": None})[1] == 1, "nothing was tried"
