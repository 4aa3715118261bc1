"""How does Sphinx make a site of the pages?

    make docs

Pages are plain Markdown that GitHub shows as well; nothing in them is Sphinx's own.  The sources are those of the whole
repository, so that links between docs/ and the README, the architecture or the decisions lead somewhere here, too.
What is linked and is no page can be downloaded from it.  Nothing in the site is fetched from elsewhere, and its search
works without a server.
"""

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from docs.writing.contents import as_toctrees  # noqa: E402 - Sphinx runs this file with another path
from monitor import __version__  # noqa: E402

project = "Roomwatch"
author = "The Roomwatch contributors"
copyright = author  # noqa: A001 - Sphinx's name for it
version = release = __version__
root_doc = "docs/index"
extensions = ["myst_parser"]
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = [
    *(".*", "build", "dist", "requirements", "tests", "var"),
    *("alerts", "collectors", "dashboards", "monitor", "docs/writing", "docs/pictures"),
]
templates_path = ["theme"]

myst_heading_anchors = 4  # as GitHub makes them
smartquotes = False  # values are shown as they are typed
suppress_warnings = ["misc.highlighting_failure"]  # answers and commands are shown with parts left out

html_theme = "furo"
html_title = f"Roomwatch {__version__}"
html_additional_pages = {"index": "start.html"}  # the address of the site leads to docs/
html_copy_source = False
html_show_sourcelink = False
pygments_style = "friendly"


def add_contents(_: Any, page: str, source: list[str]) -> None:
    """Make the lists of the index a table of contents, and put the runbooks below the alerts."""
    if page == root_doc:
        source[0] += as_toctrees(source[0])
    if page == "docs/alerts":
        source[0] += "\n```{toctree}\n:hidden:\n:titlesonly:\n:glob:\n\nrunbooks/*\n```\n"


def name_folders(_: Any, page: nodes.document) -> None:
    """Let a link to a folder, which is no page of the site, be its words; others that lead nowhere are errors."""
    for link in list(page.findall(addnodes.pending_xref)):
        if link["reftype"] == "myst" and ((ROOT / link["refdoc"]).parent / link["reftarget"]).is_dir():
            link.replace_self(link.children)


def setup(app: Any) -> dict[str, bool]:
    """Add both to what Sphinx does."""
    app.connect("source-read", add_contents)
    app.connect("doctree-read", name_folders)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
