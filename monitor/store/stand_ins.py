"""By which key does history know somebody whose SID nobody told, and whose name is forgotten?

By a pseudonym under a secret of this process, which nobody keeps: their stay is still one stay, and no name can be
tried until one fits.
"""

import secrets

from monitor.pseudonyms import Pseudonyms
from monitor.store.forgotten import StandIn

FORGOTTEN = "forgotten:"


def new_stand_in() -> StandIn:
    """Return made-up keys for names, the same for the same name until the process ends."""
    pseudonyms = Pseudonyms(secrets.token_bytes(32))
    return lambda name: FORGOTTEN + pseudonyms.of(name)
