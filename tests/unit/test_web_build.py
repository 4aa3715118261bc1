"""What must hold of the pages and of the browser SDK before anyone builds them."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "dashboards" / "web"
SDK = ROOT / "collectors" / "browser"


@pytest.mark.parametrize("front_end", [WEB, SDK])
def test_every_npm_dependency_is_pinned_to_one_version(front_end):
    package = json.loads((front_end / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


@pytest.mark.parametrize("front_end", [WEB, SDK])
def test_the_lock_checks_every_package_and_names_no_registry(front_end):
    lock = json.loads((front_end / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_login_page_is_one_style_and_no_script():
    page = (WEB / "src" / "login.html").read_text()
    assert page.count("<style>") == 1
    assert "<script" not in page
    assert 'style="' not in page
    assert page.count("<!--message-->") == 1


def test_the_pages_ask_nobody_else_for_anything():
    sources = [path for path in (WEB / "src").rglob("*") if path.suffix in {".html", ".css", ".ts", ".tsx"}]
    assert [path.name for path in sources if re.search(r"(https?:)?//[\w-]+\.\w", path.read_text())] == []


def test_the_pages_and_the_sdk_are_built_by_the_same_compiler():
    versions = {
        json.loads((front_end / "package.json").read_text())["dependencies"]["esbuild"] for front_end in (WEB, SDK)
    }
    assert len(versions) == 1
