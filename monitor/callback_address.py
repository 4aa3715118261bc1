"""Where has Twilio to call?  Pure.

What follows the `#` is not part of the address but asks Twilio for five retries after any failure.  Unasked, it repeats
only what could not connect, and only once.
"""

PATH = "/callbacks/twilio"
RETRIES = "#rc=5&rp=all"


def callback_address(public_url: str) -> str:
    """Return the address over which a callback is signed, for a public address."""
    return public_url.rstrip("/") + PATH


def callback_url(public_url: str) -> str:
    """Return what to give to Twilio as StatusCallback; empty where it has nowhere to call."""
    return callback_address(public_url) + RETRIES if public_url else ""
