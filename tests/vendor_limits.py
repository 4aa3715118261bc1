"""What each service takes, as far as it says so itself: asserted of a request that is about to be sent to it."""

import json
import unicodedata
from xml.etree import ElementTree as ET

from alerts.sms_text import segments
from tests.twilio_forms import fields_of


def units(text):
    """How many characters a service counts at most: an emoji as two."""
    return len(text.encode("utf-16-le", "replace")) // 2


def strings(value):
    """Every text in a JSON value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def is_one_line(text):
    return len(text.splitlines()) == 1 and not any(unicodedata.category(each) == "Cc" for each in text)


def is_between(low, high, text):
    return low <= units(text) <= high


def webhook(request):
    assert len(request.body) <= 20_000


def pagerduty(request):
    assert len(request.body) <= 512_000
    event = json.loads(request.body)
    payload = event.get("payload")
    if payload is not None:
        assert is_between(1, 1024, payload["summary"])
        assert payload["summary"].strip()
        assert payload["source"]
    assert units(event.get("dedup_key", "")) <= 255


def slack(request):
    message = json.loads(request.body)
    assert is_between(1, 4000, message["text"])
    blocks = message["blocks"]
    assert 1 <= len(blocks) <= 50
    assert len(json.dumps(blocks)) <= 13_000
    block_ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert all(is_between(1, 255, block_id) for block_id in block_ids)
    assert len(set(block_ids)) == len(block_ids)
    for block in blocks:
        _SLACK_BLOCKS[block["type"]](block)


def _header(block):
    assert block["text"]["type"] == "plain_text"
    assert is_between(1, 150, block["text"]["text"])


def _section(block):
    assert is_between(1, 3000, block["text"]["text"])


def _context(block):
    assert 1 <= len(block["elements"]) <= 10
    assert all(is_between(1, 3000, element["text"]) for element in block["elements"])


def _actions(block):
    assert 1 <= len(block["elements"]) <= 25
    for button in block["elements"]:
        assert is_between(1, 75, button["text"]["text"])
        assert is_between(1, 255, button["action_id"])
        assert units(button.get("url", "")) <= 3000
        assert units(button.get("value", "")) <= 2000
    action_ids = [button["action_id"] for button in block["elements"]]
    assert len(set(action_ids)) == len(action_ids)


_SLACK_BLOCKS = {"header": _header, "section": _section, "context": _context, "actions": _actions}


def teams(request):
    """28 KB, counted as UTF-16 or as UTF-8, whichever is more."""
    assert max(len(request.body), 2 * units(request.body.decode())) <= 28_000
    [attachment] = json.loads(request.body)["attachments"]
    card = attachment["content"]
    assert card["body"]
    assert all(run["text"] for block in card["body"] for run in block["inlines"])
    assert len(card["actions"]) <= 6


def opsgenie(request):
    told = json.loads(request.body)
    assert units(told["source"]) <= 100
    if "alias" not in told:
        assert is_between(1, 25_000, told["note"])
        assert units(told.get("user", "")) <= 100
        return
    assert is_between(1, 130, told["message"])
    assert is_between(1, 512, told["alias"])
    assert units(told["description"]) <= 15_000
    assert units(told["entity"]) <= 512
    assert len(told["tags"]) <= 20
    assert all(units(tag) <= 50 for tag in told["tags"])
    assert sum(units(name) + units(text) for name, text in told["details"].items()) <= 8_000
    assert told["priority"] in ("P1", "P2", "P3", "P4", "P5")


def twilio_sms(request):
    """1600 characters, and no more segments than one may be ready to pay for."""
    fields = fields_of(request)
    assert is_between(1, 1600, fields["Body"])
    assert fields["Body"].strip()
    assert segments(fields["Body"]) <= 10
    assert 1 <= int(fields["ValidityPeriod"]) <= 36_000
    assert ("From" in fields) != ("MessagingServiceSid" in fields)


def twilio_voice(request):
    """4000 characters of TwiML, which says something and does nothing else."""
    fields = fields_of(request)
    assert units(fields["Twiml"]) <= 4000
    document = ET.fromstring(fields["Twiml"])
    assert {each.tag for each in document.iter()} <= {"Response", "Gather", "Say"}
    assert all(say.text.strip() for say in document.iter("Say"))
    assert 1 <= int(fields["Timeout"]) <= 600


def twilio_studio(request):
    """Twilio names no limit; a flow's texts end up in messages, so they are no longer than those."""
    parameters = json.loads(fields_of(request)["Parameters"])
    assert all(units(text) <= 1600 for text in strings(parameters))
    assert len(request.body) <= 64_000


def sendgrid(request):
    assert len(request.body) <= 30_000_000
    mail = json.loads(request.body)
    [envelope] = mail["personalizations"]
    addresses = [each["email"] for each in envelope["to"]]
    assert 1 <= len(set(addresses)) == len(addresses) <= 1000
    assert mail["subject"].strip()
    assert is_one_line(mail["subject"])
    assert ("content" in mail) != ("template_id" in mail)
    assert all(each["value"] for each in mail.get("content", []))
    assert all(value.isascii() and value.isprintable() for value in mail["headers"].values())
    assert len(json.dumps(mail["custom_args"])) < 10_000
    assert len(mail["categories"]) <= 10


def mail(request):
    """Lines of 998 bytes, all of it ASCII, so that no server on the way has to change anything."""
    assert len(request.message) <= 100_000
    assert request.message.isascii()
    assert max(map(len, request.message.split(b"\r\n"))) <= 998


def log(request):
    assert len(request.text.encode()) <= 64_000
    assert is_one_line(request.text)


def apprise(request):
    assert is_between(1, 250, request.title)
    assert is_between(1, 4000, request.body)
