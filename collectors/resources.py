"""What can be asked of Twilio, by name?

A configuration speaks of these names, and reading one need not load Twilio's client (`collectors.registry` does).
"""

RESOURCES = (
    "compositions",
    "rooms",
    "participants",
    "ended_rooms",
    "reconciliation",
    "summaries",
    "composition_hooks",
    "usage",
    "stays",
)
