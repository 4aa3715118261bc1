"""What does the page of a runbook look like?  Pure: Markdown in, one document without scripts out.

It is what somebody reads who was just woken, perhaps on a telephone, so it loads nothing else.  Links to other
runbooks lead there; links into the rest of the manual, which is not served here, are shown as words.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

_STYLE = """
:root { color-scheme: light dark; --paper: #fcfcfb; --ink: #1a1d21; --soft: #565d66; --line: #8b9097; --link: #1d5a9e; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #111417; --ink: #e5e8eb; --soft: #9ca6b0; --line: #6b747d; --link: #8fbcf2; }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 1.05rem/1.55 system-ui, sans-serif; }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; overflow-wrap: anywhere; }
nav { color: var(--soft); }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { margin-top: 2rem; font-size: 1.2rem; }
li { margin: 0.4rem 0; }
a { color: var(--link); }
code { font-size: 0.92em; }
pre { overflow-x: auto; padding: 0.8rem; border: 1px solid var(--line); border-radius: 4px; }
table { display: block; overflow-x: auto; border-collapse: collapse; }
th, td { padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'none';"
    " frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

_BESIDE = re.compile(r"(\w+)\.md(#[\w-]*)?")  # another runbook
_ELSEWHERE = re.compile(r"https?://")
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def page(name: str, text: str) -> str:
    """Return the page of a runbook."""
    tokens = _markdown.parse(text)
    for token in tokens:
        _lead_right(token.children or ())
    content = _markdown.renderer.render(tokens, _markdown.options, {})
    way_back = '<nav aria-label="Roomwatch"><a href="/">Roomwatch</a> · <a href="/runbooks">Runbooks</a></nav>'
    return _document(name, f"{way_back}\n<main>\n{content}</main>")


def index(names: Iterable[str]) -> str:
    """Return the page that lists the runbooks there are."""
    items = "\n".join(f'<li><a href="/runbooks/{escape(name)}">{escape(name)}</a></li>' for name in names)
    heading = "<h1>Runbooks</h1>\n<p>A page for each alert: what it means, how to check, what to do.</p>"
    way_back = '<nav aria-label="Roomwatch"><a href="/">Roomwatch</a></nav>'
    return _document("Runbooks", f"{way_back}\n<main>\n{heading}\n<ul>\n{items}\n</ul>\n</main>")


def _lead_right(tokens: Iterable[Token]) -> None:
    """Have links lead to what is served here, and make words of those that would lead nowhere."""
    is_open = True
    for token in tokens:
        if token.type == "link_open":
            target = str(token.attrs.get("href", ""))
            beside = _BESIDE.fullmatch(target)
            is_open = beside is not None or _ELSEWHERE.match(target) is not None
            if beside is not None:
                token.attrs["href"] = f"/runbooks/{beside[1]}{beside[2] or ''}"
        if token.type in {"link_open", "link_close"} and not is_open:
            token.tag, token.attrs = "span", {}


def _document(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - Roomwatch</title>
<style>{_STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""
