"""Where is the runbook of a shipped rule?  Pure.

Rules call theirs by its path in the manual, `docs/runbooks/NAME.md`.  Where the daemon knows its own address, a
notification had better lead to the page: `/runbooks/NAME` at the private listener, like the link to the incident.
"""

from collections.abc import Sequence
from dataclasses import replace

from alerts.model import Rule
from alerts.rules import RUNBOOKS


def runbooks_at(private_url: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return rules whose runbooks are where they can be read; without an address they stay paths."""
    return tuple(replace(rule, runbook_url=runbook_at(private_url, rule.runbook_url)) for rule in rules)


def runbook_at(private_url: str, runbook_url: str) -> str:
    """Return the address of the page of a shipped runbook, or what it was called if it is none, or there is none."""
    folder, _, file = runbook_url.rpartition("/")
    if folder != RUNBOOKS or not private_url:
        return runbook_url
    return f"{private_url.rstrip('/')}/runbooks/{file.removesuffix('.md')}"
