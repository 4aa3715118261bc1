"""What Twilio's own client would send, to compare our forms with; and forms read back."""

import inspect
import re
from urllib.parse import parse_qs

ACCOUNT_SID = "AC" + "a" * 32
TO, SENDER = "+491512345678", "+15005550006"
SETTINGS = {"account_sid": ACCOUNT_SID, "auth_token": "auth-t0ken", "to": TO, "sender": SENDER}
PUBLIC_URL = "https://watch.example.com"


def fields_of(request) -> dict[str, str | list[str]]:
    read = parse_qs(request.body.decode("ascii"), strict_parsing=True)
    return {name: values[0] if len(values) == 1 else values for name, values in read.items()}


def known_fields(resource) -> set[str]:
    """Return every field that Twilio's client knows how to send to a resource."""
    return set(re.findall(r'"(\w+)": ', inspect.getsource(resource._create)))
