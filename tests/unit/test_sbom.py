"""Bills of materials: what they have to say, and where they are made only if somebody asks for it."""

import json
import os
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.sbom import hold_to_the_schema, licences, main

BILL = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [
        {"type": "library", "name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}]},
        {"type": "library", "name": "b", "version": "2", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
        {"type": "library", "name": "c", "version": "3"},
    ],
}


def test_a_package_without_a_licence_is_listed_like_the_others() -> None:
    assert list(licences(BILL)) == ["a 1: MIT", "b 2: MIT OR Apache-2.0", "c 3: unknown"]


def test_what_is_no_bill_of_materials_is_not_written() -> None:
    hold_to_the_schema("ours", json.dumps(BILL))
    with pytest.raises(ValueError, match=r"ours: expected CycloneDX 1\.6, got"):
        hold_to_the_schema("ours", json.dumps(BILL | {"components": [{"name": "a"}]}))


def named_by(bill: Path) -> set[str]:
    packages = json.loads(bill.read_text(encoding="utf-8"))["components"]
    return {canonicalize_name(package["name"]) for package in packages}


@pytest.mark.skipif("ROOMWATCH_SBOM" not in os.environ, reason="takes a minute, from registries: ROOMWATCH_SBOM=1")
def test_every_package_that_the_daemon_needs_is_on_the_bill_under_a_known_licence(tmp_path: Path) -> None:
    main(tmp_path)
    asked = [Requirement(line) for line in requires("roomwatch") or ()]
    needed = {canonicalize_name(each.name) for each in asked if each.marker is None or each.marker.evaluate()}
    assert needed <= named_by(tmp_path / "python.cdx.json")
    assert needed | {"asyncpg", "clickhouse-connect"} <= named_by(tmp_path / "python-cluster.cdx.json")
    assert "unknown" not in (tmp_path / "licences.txt").read_text(encoding="utf-8")
