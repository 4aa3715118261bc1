"""Is an event what its type says?

A struct can be made of anything; only reading it back finds out.  An event that the log would take and a restart could
not read must be noticed where it is made, which is where somebody else's data becomes ours.
"""

from typing import TypeVar

import msgspec

EventT = TypeVar("EventT", bound=msgspec.Struct)


def sound(event: EventT) -> EventT:
    """Return the event as it would be read back.

    Raises:
        ValueError: a field has not the type that it should have; which one, but not what was in it.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(event), type(event))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
