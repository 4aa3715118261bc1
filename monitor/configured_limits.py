"""What does a configuration say about where trouble begins?"""

from monitor.config import Config
from monitor.limits import AccountLimits, CompositionLimits, Limits, RoomLimits


def limits_of(config: Config) -> Limits:
    """Return what readings are to be measured against."""
    compositions, quotas = config.compositions, config.limits
    return Limits(
        CompositionLimits(compositions.limit_floor_s, compositions.limit_room_ratio, compositions.missing_after_s),
        RoomLimits(quotas.room_grace_s),
        AccountLimits(quotas.concurrent_rooms, quotas.concurrent_participants, config.usage.month_budget),
    )
