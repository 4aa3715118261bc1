"""What each service takes, as far as it says so itself: asserted of a request that is about to be sent to it."""

import json


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
