"""Why was a receiver not told of an alert?

Nobody writes down what did not happen, so this goes by the routes as they are now.
"""

from collections.abc import Mapping

from alerts.routing import Route, consider, plans
from alerts.times_in_words import in_words


def why_not_asked(name: str, labels: Mapping[str, str], root: Route) -> str:
    """Return why a receiver was not told of an alert with these labels, by these routes."""
    asked = consider(labels, root)
    for plan in plans(labels, root):
        step = next((each for each in plan.steps if name in each.receivers), None)
        if step is not None and step.after_s:
            return (
                f"route {plan.route} tells it after {in_words(step.after_s)}, unless it is acknowledged or over by then"
            )
        if step is not None:
            return f"route {plan.route} is for it, but nothing was said of the alert"
    refusals = [each for each in asked if name in each.leads_to and not each.matched]
    if refusals:
        return "; ".join(dict.fromkeys(each.why for each in refusals))
    if name not in asked[0].leads_to:
        return "no route leads to it"
    takers = [each.plan.route for each in asked if each.plan is not None]
    return f"{' and '.join(takers) or 'another route'} took the alert before it came to it"
