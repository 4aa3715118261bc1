"""When do many people fare badly at once?

The shipped rules over media regions, tenants, and service level objectives: what single calls have in common is said
once.  So a crowd has to be decided on before anybody is told of its members, who wait for the group_wait after they
fired: it holds for no longer than they do.  And it fires for longer after the last trouble than they do, or those who
recover with it would be told of one by one in its stead.

A burn rate is measured over the windows of its objective, so nothing needs to hold for long; it ends when it has stayed
low for a while.
"""

from alerts.model import Kind, Rule, Severity
from alerts.rules import RUNBOOKS, build_rule

_CROWDS: tuple[Rule, ...] = (
    build_rule(
        "RegionQualityDegraded",
        Kind.REGION,
        raise_when="degraded_ratio >= 0.3",
        hold_for="10s",
        clear_when="degraded_ratio <= 0.15",
        clear_for="1m",
        keep_firing_for="6m",
        severity=Severity.CRITICAL,
        summary="{degraded} of {known} people in media region {region} have a bad connection.",
        description=(
            "They are in {degraded_rooms} of the {rooms} rooms in {region}, which have {participants} participants. "
            "Look at Twilio's status page for that region and at your own network on the way there; new rooms can be "
            "made in another region."
        ),
        runbook_url=f"{RUNBOOKS}/RegionQualityDegraded.md",
    ),
    build_rule(
        "TenantQualityDegraded",
        Kind.TENANT,
        raise_when="degraded_ratio >= 0.3",
        hold_for="10s",
        clear_when="degraded_ratio <= 0.15",
        clear_for="1m",
        keep_firing_for="6m",
        severity=Severity.CRITICAL,
        summary="{degraded} of {known} people in calls of {tenant} have a bad connection.",
        description=(
            "They are in {degraded_rooms} of the {rooms} rooms of {tenant}, which have {participants} participants. "
            "If other tenants are well, it is what these people share: an office, its way out to the internet, a "
            "release of the application."
        ),
        runbook_url=f"{RUNBOOKS}/TenantQualityDegraded.md",
    ),
)


def _burn_rule(name: str, severity: Severity) -> Rule:
    return build_rule(
        name,
        Kind.SLO,
        raise_when=f"{severity}_burn_ratio >= 1",
        clear_when=f"{severity}_burn_ratio < 1",
        clear_for="5m",
        severity=severity,
        summary=f"{{slo}} of {{scope_name}} burns its error budget {{{severity}_burn}} times as fast as allowed.",
        description=(
            f"{{{severity}_bad}} of {{{severity}_events}} {{over}} within {{{severity}_window}}; the objective is "
            "{objective}. Of what may be bad within {budget_days} days a share of {budget_spent_ratio} is spent, and "
            "{budget_remaining_ratio} remains."
        ),
        runbook_url=f"{RUNBOOKS}/{name}.md",
    )


_BURNS: tuple[Rule, ...] = (
    _burn_rule("ErrorBudgetBurnsFast", Severity.CRITICAL),
    _burn_rule("ErrorBudgetBurns", Severity.WARNING),
    _burn_rule("ErrorBudgetBurnsSlowly", Severity.INFO),
)

CROWD_RULES: tuple[Rule, ...] = (*_CROWDS, *_BURNS)
