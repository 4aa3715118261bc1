"""What does a canary run consist of, and which rooms are a canary's?  Pure.

A run is told in steps, each with its seconds or with what went wrong:

`create`, `fetch`, `complete`   one request each, to Twilio and back
`token`             an access token is minted and checked, as the application's servers and our listener do
`compose`           from the request for a composition to a definite answer, which for an empty room is a no
`callback_created`, `callback_ended`   from our request to the callback about it
`round_trip`        all of it; told last, and only where nothing went wrong
"""

PREFIX = "roomwatch-canary-"
FIRST_STEP, LAST_STEP = "create", "round_trip"
STEPS = (FIRST_STEP, "token", "fetch", "complete", "compose", "callback_created", "callback_ended", LAST_STEP)
LEFT_OVER_AFTER_MS = 10 * 60 * 1000

CALLBACK_STEPS = {"room-created": "callback_created", "room-ended": "callback_ended"}


def is_left_over(name: str | None, created_at_ms: int | None, now_ms: int) -> bool:
    """Whether a live room is that of a run which did not live to complete it; runs of other daemons may be at work."""
    if name is None or not name.startswith(PREFIX) or created_at_ms is None:
        return False
    return now_ms - created_at_ms > LEFT_OVER_AFTER_MS
