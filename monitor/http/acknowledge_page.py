"""What does the page look like that a link in a notification leads to?  Pure.

One document without scripts, and without anything that would be loaded from anywhere: it has to work on an old phone
with one bar of reception.  The button posts a form, since links are followed by machines too, which show previews of
what is behind them.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from html import escape

from alerts.model import Incident
from alerts.notifiers.wording import ALERTS_LISTED, alert_line, one_line

LONGEST_LINE = 300
LONGEST_NAME = 60  # of whoever acknowledges

_STYLE = """
:root { color-scheme: light dark; --paper: #fcfcfb; --ink: #1a1d21; --soft: #565d66; --line: #8b9097; --link: #1d5a9e; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #111417; --ink: #e5e8eb; --soft: #9ca6b0; --line: #6b747d; --link: #8fbcf2; }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 1.1rem/1.5 system-ui, sans-serif; }
body { max-width: 32rem; margin: 0 auto; padding: 2rem 1.25rem; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.3; }
p, li { color: var(--soft); }
label { display: block; margin-top: 1.5rem; color: var(--soft); }
input, button { width: 100%; padding: 0.7rem 0.8rem; border-radius: 4px; font: inherit; }
input { border: 1px solid var(--line); background: transparent; color: inherit; }
button { margin-top: 1rem; border: 0; background: var(--ink); color: var(--paper); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address is what lets somebody in
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}


def asking(incident: Incident, token: str) -> str:
    """Return the page that shows what is wrong, and asks."""
    taken = f"<p>{_safe(incident.acknowledged_by)} looks after it.</p>" if incident.acknowledged_by else ""
    button = "I look after it instead" if incident.acknowledged_by else "Acknowledge"
    form = f"""<form method="post" action="acknowledge">
<input type="hidden" name="incident" value="{escape(incident.id)}">
<input type="hidden" name="token" value="{escape(token)}">
<label for="by">Your name, for the others (need not be given)</label>
<input id="by" name="by" maxlength="{LONGEST_NAME}" autocomplete="name">
<button type="submit">{button}</button>
</form>"""
    return _page(f"{incident.severity.value}: {incident.summary}", f"{_facts(incident)}{taken}{form}")


def thanking(incident: Incident) -> str:
    """Return the page that says that it counted."""
    by = _safe(incident.acknowledged_by)
    said = f"<p>Acknowledged by {by}. Nobody else is called, and everybody hears when it is over.</p>"
    return _page(incident.summary, said)


def saying(words: str) -> str:
    """Return a page that shows nothing but these words of ours."""
    return _page("Roomwatch", f"<p>{escape(words)}</p>")


def _facts(incident: Incident) -> str:
    since = datetime.fromtimestamp(incident.started_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [escape(alert_line(alert, LONGEST_LINE)) for alert in incident.firing[:ALERTS_LISTED]]
    more = incident.firing_count - len(lines)
    items = "".join(f"<li>{line}</li>" for line in [*lines, *([f"and {more} more"] if more > 0 else [])])
    return f"<p>Since {since}</p>" + (f"<ul>{items}</ul>" if len(lines) > 1 else "")


def _safe(text: str) -> str:
    """Return text that came from outside, as it can stand in a page."""
    return escape(one_line(text, LONGEST_LINE))


def _page(heading: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roomwatch</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{_safe(heading)}</h1>
{content}
</main>
</body>
</html>
"""
