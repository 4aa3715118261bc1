"""What do Twilio's error codes say about a page, in plain words?

Twilio's own messages quote the number that was called, so they are not repeated; these are.  Codes stand in the answer
to a request that was refused, and in the status callback of a message that was taken and did not arrive.
"""

from collections.abc import Mapping

#: Refused now, and fit to be tried again: nothing was sent, nobody was called.
TOO_MUCH_NOW = frozenset({10004, 20429, 20503, 21611})

MEANING: Mapping[int, str] = {
    # who asks
    10001: "the account is not active",
    20003: "the account SID, key or secret is wrong",
    20005: "the account is not active",
    20404: "there is no such account or flow",
    20008: "these are test credentials, which reach nobody",
    30002: "the account is suspended",
    # too much at once
    10004: "too many calls at once",
    20429: "too many requests at once",
    20503: "the service is not available",
    21611: "the sender has too many messages waiting",
    30001: "the message waited for too long in the queue",
    # who is called
    21211: "the number to call is not a valid one",
    21214: "the number to call cannot be reached",
    21217: "the number to call is not a valid one",
    21219: "a trial account calls verified numbers only",
    21408: "messages to that country are not enabled for the account",
    21215: "calls to that country are not enabled for the account",
    21608: "a trial account texts verified numbers only",
    21610: "whoever has the number replied STOP; they have to reply START",
    21612: "the sender cannot reach the number to call",
    21614: "the number to call is not a mobile number",
    21635: "the number to call is a landline",
    30003: "the phone is off or out of reach",
    30004: "the carrier or the phone blocks the message",
    30005: "the number is not known to its carrier",
    30006: "the number is a landline, or its carrier cannot be reached",
    30007: "a carrier took it for spam",
    30008: "the carrier did not deliver it and does not say why",
    30034: "the sender is not registered for messages to the United States",
    30036: "its validity ran out before it could be delivered",
    # who calls
    21210: "the caller's number is not verified for the account",
    21212: "the sender is not a valid one",
    21603: "a sender is wanted",
    21606: "the sender is not a number of the account that can send messages",
    21659: "the sender is not a number of the account, or not fit for that country",
    21660: "the sender belongs to another account",
    21701: "there is no such messaging service",
    21703: "the messaging service has no number to send from",
    # what is said
    12100: "the document of the call is not XML",
    21205: "the callback address is not one that Twilio can call",
    21609: "the callback address is not one that Twilio can call",
    21617: "the text is too long",
    21619: "there is no text",
}


def described(code: int) -> str:
    """Return the code with its meaning, or with where to read about it."""
    meaning = MEANING.get(code)
    return f"{code}, {meaning}" if meaning else f"{code}, see https://www.twilio.com/docs/errors/{code}"
