"""The addresses that the daemon serves are the pages that there are."""

import re
from pathlib import Path

from monitor.http.pages import PAGES

REGISTRY = Path(__file__).parents[2] / "dashboards" / "web" / "src" / "frame" / "pages.tsx"


def test_every_page_has_an_address_and_every_address_a_page() -> None:
    entries = re.findall(r'path: "([^"]+)"', REGISTRY.read_text(encoding="utf-8"))
    assert {re.sub(r":(\w+)", r"{\1}", path) for path in entries} == set(PAGES)
