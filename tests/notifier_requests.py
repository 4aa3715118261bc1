"""What a request says, whatever carries it: one place that knows all of their forms."""

import json
from email import message_from_bytes
from email.policy import SMTP as WIRE

import pytest

from alerts.notifiers.base import AppriseMessage, HttpRequest, LogLine, Mail


def body_of(request) -> bytes:
    """Return what is sent."""
    match request:
        case HttpRequest():
            return request.body
        case Mail():
            return request.message
        case LogLine():
            return request.text.encode()
        case AppriseMessage():
            return f"{request.title}\n{request.body}".encode()


def address_of(request) -> str:
    """Return where it is sent, secrets and all."""
    match request:
        case HttpRequest() | AppriseMessage():
            return request.url
        case Mail():
            return f"{request.origin} {request.sender} {' '.join(request.recipients)}"
        case LogLine():
            return request.origin


def text_of(request) -> str:
    """Return everything that it says, address included, as it is sent."""
    return f"{address_of(request)} {body_of(request).decode()}"


def shown(request) -> str:
    """Return what a log or a page may come to show of it."""
    return f"{request!r} {request} {request.origin}"


def echoes(request) -> list[str]:
    """Return each part of it that whoever gets it could repeat in an answer."""
    headers = request.headers.values() if isinstance(request, HttpRequest) else ()
    return [address_of(request), *headers, body_of(request).decode()]


# --- read as what it is ----------------------------------------------------------------------------------


def json_of(request):
    return json.loads(body_of(request), parse_constant=pytest.fail)


def mail_of(request):
    """Return the headers and both texts of a mail."""
    mail = message_from_bytes(request.message, policy=WIRE)
    return {**dict(mail.items()), **{form: mail.get_body((form,)).get_content() for form in ("plain", "html")}}


def message_of(request):
    return {"title": request.title, "body": request.body, "type": request.type}


def line_of(request):
    return {"text": request.text}
