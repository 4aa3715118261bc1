"""What does a configuration say about by which names people are known?"""

from monitor.pseudonyms import Pseudonyms
from monitor.settings import Privacy


def pseudonyms_of(privacy: Privacy) -> Pseudonyms | None:
    """Return the pseudonyms that people are to be known by, or None where they are known by name."""
    if privacy.identities == "plain" or privacy.pseudonym_key is None:
        return None
    return Pseudonyms(privacy.pseudonym_key.get_secret_value().encode())
