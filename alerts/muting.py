"""Why is somebody not told of an alert, though a route is for it?  In the words that are noted, shown and explained."""

from collections.abc import Mapping

from alerts.model import Plan
from alerts.silences import Silence
from alerts.time_windows import TimeWindows


def silenced(silence: Silence) -> str:
    """Return who wanted the silence, why, and which one it is."""
    return f"silenced by {silence.author}: {silence.reason} ({silence.id})"


def muted_by_time(plan: Plan, windows: Mapping[str, TimeWindows], at: float) -> tuple[str, float | None]:
    """Return why nothing is said of the groups of a plan at this time of the day, and until when; or nothing."""
    name = next((each for each in plan.mute_during if windows[each].contains(at)), None)
    if name is not None:
        return f"muted during {name}", windows[name].next_change(at)
    if not plan.active_during or any(windows[each].contains(at) for each in plan.active_during):
        return "", None
    changes = [windows[each].next_change(at) for each in plan.active_during]
    until = min((change for change in changes if change is not None), default=None)
    return f"active only during {', '.join(plan.active_during)}", until
