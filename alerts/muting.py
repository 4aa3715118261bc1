"""Why is somebody not told of an alert, though a route is for it?  In the words that are noted, shown and explained."""

from collections.abc import Mapping

from alerts.model import Alert, Plan
from alerts.silences import Silence
from alerts.time_windows import TimeWindows

MUTED_BY = ("silence", "inhibition", "time_window")

_SILENCED, _INHIBITED = "silenced by ", "inhibited by "


def muted_by(why: str) -> str:
    """Return what mutes, one of `MUTED_BY`, for a reason in words."""
    if why.startswith(_SILENCED):
        return "silence"
    return "inhibition" if why.startswith(_INHIBITED) else "time_window"


def inhibited(source: Alert, inhibition: str) -> str:
    """Return which alert inhibits another, and by which inhibition."""
    return f"{_INHIBITED}{source.rule} {source.entity} ({inhibition})"


def silenced(silence: Silence) -> str:
    """Return who wanted the silence, why, and which one it is."""
    return f"{_SILENCED}{silence.author}: {silence.reason} ({silence.id})"


def muted_by_time(plan: Plan, windows: Mapping[str, TimeWindows], at: float) -> tuple[str, float | None]:
    """Return why nothing is said of the groups of a plan at this time of the day, and until when; or nothing.

    A plan that was made before a reload may name windows that there are no more; they mute nobody.
    """
    mute = {name: windows[name] for name in plan.mute_during if name in windows}
    active = {name: windows[name] for name in plan.active_during if name in windows}
    now_in = next((name for name, window in mute.items() if window.contains(at)), None)
    if now_in is not None:
        return f"muted during {now_in}", mute[now_in].next_change(at)
    if not active or any(window.contains(at) for window in active.values()):
        return "", None
    changes = [window.next_change(at) for window in active.values()]
    until = min((change for change in changes if change is not None), default=None)
    return f"active only during {', '.join(active)}", until
