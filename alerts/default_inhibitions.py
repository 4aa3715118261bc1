"""Which alerts are known to follow from others?

Text like that of a configuration, so that an inhibition of the same name in a configuration takes the place of one
here.  What follows is muted, not what was seen by somebody else: while Twilio's API is out of reach, people in calls
are heard as before, and a recording that failed has failed.
"""

from alerts.inhibition import Inhibition, build_inhibition

_NOT_SEEN = "CallbacksSilent|CanaryFailed|CompositionMissing|CompositionStuck|RoomZombie|SourceStale"
_BAD_CALLS = "RoomQualityDegraded|ParticipantQualityDegraded"

DEFAULT_INHIBITIONS: tuple[Inhibition, ...] = (
    build_inhibition(
        "twilio-out-of-reach",  # what is not asked for cannot be seen to end, and looks overdue
        source='alertname=~"TwilioUnreachable|TwilioAuthLost"',
        target=f'alertname=~"{_NOT_SEEN}"',
        equal=("account",),
    ),
    build_inhibition(
        "region-degraded",
        source='alertname="RegionQualityDegraded"',
        target=f'alertname=~"{_BAD_CALLS}"',
        equal=("region",),
    ),
    build_inhibition(
        "tenant-degraded",
        source='alertname="TenantQualityDegraded"',
        target=f'alertname=~"{_BAD_CALLS}"',
        equal=("tenant",),
    ),
    build_inhibition(
        "room-degraded",
        source='alertname="RoomQualityDegraded"',
        target='alertname="ParticipantQualityDegraded"',
        equal=("room",),
    ),
    build_inhibition(
        "monitor-blind",  # whoever sees nothing does not know whether a call is bad, or still there
        source='alertname="MonitorBlind"',
        target='kind=~"room|participant"',
    ),
)
