"""What Slack is told."""

import json

import pytest

from alerts.delivery import Delivered
from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt, Budget
from alerts.notifiers.slack import Slack, SlackConfig, escaped
from alerts.notifiers.wording import POSSIBLY_TWICE
from tests.alert_builders import START, make_alert, make_incident, make_notification

URL = "https://hooks.slack.com/services/T0/B0/x"
REFERENCE = "C0123:1763690000.000100"
LINKS = {"page": "https://rw.example.com/incidents/i1", "acknowledge": "https://rw.example.com/incidents/i1/ack"}
LATER = [kind for kind in NotificationKind if kind is not NotificationKind.TRIGGER]


def webhook(**settings):
    return Slack(SlackConfig(**{"url": URL, **settings}))


def bot(**settings):
    return Slack(SlackConfig(**{"token": "xoxb-1", "channel": "#video", **settings}))


def told(slack, notification, **attempt):
    request = slack.render(notification, Attempt(START, **attempt))
    return request, json.loads(request.body)


def blocks(slack, notification, **attempt):
    return told(slack, notification, **attempt)[1]["blocks"]


def texts(message_blocks):
    return [block["text"]["text"] for block in message_blocks if block["type"] in ("header", "section")]


def buttons(slack, notification):
    return [each for block in blocks(slack, notification) if block["type"] == "actions" for each in block["elements"]]


# --- which message ---------------------------------------------------------------------------------------


def test_a_trigger_is_posted_to_the_channel_with_the_token():
    request, message = told(bot(), make_notification())
    assert request.url == "https://slack.com/api/chat.postMessage"
    assert request.headers["Authorization"] == "Bearer xoxb-1"
    assert message["channel"] == "#video"
    assert "thread_ts" not in message


@pytest.mark.parametrize("kind", [kind for kind in LATER if kind is not NotificationKind.REPEAT])
def test_what_becomes_of_an_incident_is_written_into_its_message(kind):
    request, message = told(bot(), make_notification(kind, at=START + 60), reference=REFERENCE)
    assert request.url == "https://slack.com/api/chat.update"
    assert (message["channel"], message["ts"]) == ("C0123", "1763690000.000100")


def test_a_repeat_is_a_reply_in_the_thread_that_the_channel_sees_too():
    request, message = told(bot(), make_notification(NotificationKind.REPEAT), reference=REFERENCE)
    assert request.url == "https://slack.com/api/chat.postMessage"
    assert (message["thread_ts"], message["reply_broadcast"]) == ("1763690000.000100", True)
    assert message["channel"] == "C0123"


def test_after_a_repeat_the_message_and_not_the_reply_is_written_into():
    answer = {"ok": True, "channel": "C0123", "ts": "1763690999.000900", "message": {"thread_ts": "1763690000.000100"}}
    outcome = bot().judge(200, {}, json.dumps(answer).encode())
    assert outcome == Delivered(REFERENCE)


@pytest.mark.parametrize("reference", ["", "nonsense", ":", "C0123:", "C0123:1.5:2"])
@pytest.mark.parametrize("kind", LATER)
def test_where_no_message_is_known_one_is_posted(kind, reference):
    request, message = told(bot(), make_notification(kind, at=START + 60), reference=reference)
    assert request.url == "https://slack.com/api/chat.postMessage"
    assert (message["channel"], "thread_ts" in message) == ("#video", False)


@pytest.mark.parametrize("kind", NotificationKind)
def test_a_webhook_posts_whatever_there_is_to_say(kind):
    request, message = told(webhook(), make_notification(kind, at=START + 60), reference=REFERENCE)
    assert request.url == URL
    assert set(message) == {"text", "blocks"}


@pytest.mark.promise("P39")
def test_a_message_that_may_be_there_already_says_so():
    [before] = [block for block in blocks(bot(), make_notification()) if block["type"] == "context"]
    [again] = [block for block in blocks(bot(), make_notification(), maybe_heard=True) if block["type"] == "context"]
    assert POSSIBLY_TWICE not in before["elements"][0]["text"]
    assert POSSIBLY_TWICE in again["elements"][0]["text"]


@pytest.mark.promise("P14")
def test_a_channel_is_told_once_a_second_whoever_tells_it():
    assert (bot().budget.requests, bot().budget.per_s) == (1, 1.0)
    assert bot().budget == bot().budget != bot(channel="#other").budget
    assert isinstance(webhook().budget, Budget)
    assert webhook().budget.key != bot().budget.key


# --- what it says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (NotificationKind.TRIGGER, "🔴 Critical"),
        (NotificationKind.UPDATE, "🔴 Critical, changed"),
        (NotificationKind.REPEAT, "🔴 Critical, still going on"),
        (NotificationKind.ACKNOWLEDGE, "👀 Acknowledged by bob"),
        (NotificationKind.RESOLVE, "✅ Resolved"),
    ],
)
def test_the_headline_tells_what_has_become_of_it(kind, said):
    incident = make_incident(make_alert(), acknowledged_by="bob")
    _, message = told(webhook(), make_notification(kind, incident=incident))
    assert message["blocks"][0]["text"]["text"] == said
    assert message["text"] == f"{said}: alice is cut off."


def test_a_test_is_called_one():
    assert texts(blocks(webhook(), make_notification(is_test=True)))[0] == "🧪 Test, nothing is wrong: Critical"


def test_a_message_says_what_is_wrong_and_since_when():
    message_blocks = blocks(webhook(), make_notification())
    assert texts(message_blocks)[1:] == ["*alice is cut off.*", "Level 0 of 5."]
    facts = message_blocks[-1]["elements"][0]["text"]
    assert facts.startswith("Since: 2025-11-21 01:53:20 UTC · Reason: held: level &lt;= 1 for 10 s")
    assert "room_name: class" in facts


@pytest.mark.promise("P20")
def test_a_message_lists_ten_alerts_and_counts_the_others():
    alerts = [make_alert(entity=f"PA{number}", annotations={}) for number in range(12)]
    message_blocks = blocks(webhook(), make_notification(incident=make_incident(*alerts, firing_count=500)))
    lines = texts(message_blocks)[-1].split("\n")
    assert lines[0] == "• Bad PA0"
    assert lines[-1] == "… and 490 more"
    assert len(lines) == 11


def test_names_cannot_call_the_whole_channel_or_pose_as_links():
    alert = make_alert(annotations={"summary": "<!channel> & <https://example.com|x>\n*bold*", "description": "<@U1>"})
    _, message = told(webhook(), make_notification(alert=alert))
    assert texts(message["blocks"])[1:] == [
        "*&lt;!channel&gt; &amp; &lt;https://example.com|x&gt; *bold**",
        "&lt;@U1&gt;",
    ]
    assert "<" not in message["text"]


def test_a_name_cannot_turn_the_text_around_it():
    alert = make_alert(annotations={"summary": "\u202eevil\u202c \x1b[31m שלום"})
    assert texts(blocks(webhook(), make_notification(alert=alert)))[1] == "*evil [31m שלום*"


@pytest.mark.parametrize("length", range(20, 40))
def test_an_entity_is_never_cut_in_two(length):
    text = escaped("&<>" * 20, length)
    assert text.endswith("… [cut]")
    assert len(text) <= length
    assert text.removesuffix("… [cut]").replace("&amp;", "").replace("&lt;", "").replace("&gt;", "") == ""


@pytest.mark.promise("P17")
def test_a_message_that_would_be_too_long_loses_its_end_visibly_and_never_its_summary():
    alert = make_alert(
        annotations={"summary": "漢" * 300, "description": "漢" * 1000}, labels={"room_name": "漢" * 120}
    )
    message_blocks = blocks(webhook(), make_notification(incident=make_incident(*[alert] * 12), links=LINKS))
    assert "漢" in texts(message_blocks)[1]
    assert {"type": "context", "elements": [{"type": "mrkdwn", "text": "… [cut]"}]} in message_blocks
    assert message_blocks[-1]["type"] == "actions"


def test_a_mention_wakes_for_triggers_and_repeats_only():
    slack = bot(mention="<!here>")
    said = {kind: texts(blocks(slack, make_notification(kind, at=START + 60)))[1] for kind in NotificationKind}
    waking = {kind for kind, text in said.items() if text.startswith("<!here> ")}
    assert waking == {NotificationKind.TRIGGER, NotificationKind.REPEAT}


# --- buttons ---------------------------------------------------------------------------------------------


def test_buttons_lead_to_the_page_and_to_the_acknowledgement():
    assert [(each["text"]["text"], each["url"]) for each in buttons(webhook(), make_notification(links=LINKS))] == [
        ("Open", LINKS["page"]),
        ("Acknowledge", LINKS["acknowledge"]),
    ]


@pytest.mark.promise("P36")
def test_with_a_signing_secret_the_button_tells_us_who_pressed_it():
    notification = make_notification(links=LINKS)
    first, second = buttons(bot(signing_secret="s"), notification)
    assert (first["action_id"], first["value"], "url" in first) == ("acknowledge", notification.incident.id, False)
    assert second["url"] == LINKS["page"]


@pytest.mark.parametrize("settings", [{}, {"signing_secret": "s"}], ids=["link", "button"])
def test_nobody_is_asked_to_acknowledge_what_is_over_or_looked_after(settings):
    incident = make_incident(make_alert(), acknowledged_by="bob")
    for notification in (
        make_notification(NotificationKind.RESOLVE, at=START + 60, links=LINKS),
        make_notification(NotificationKind.UPDATE, incident=incident, links=LINKS),
    ):
        assert [each["text"]["text"] for each in buttons(bot(**settings), notification)] == ["Open"]


def test_without_links_there_are_no_buttons():
    assert buttons(webhook(), make_notification()) == []
    assert [each["url"] for each in buttons(webhook(external_url="https://rw.example.com"), make_notification())] == [
        "https://rw.example.com"
    ]


# --- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "url: expected either url, or token and channel"),
        ({"token": "s3cret"}, "url: expected either url, or token and channel"),
        ({"channel": "#video"}, "url: expected either url, or token and channel"),
        ({"url": URL + "s3cret", "token": "s3cret", "channel": "#video"}, "url: expected either url"),
        ({"url": "hooks.slack.com/s3cret"}, "url: expected http:// or https://"),
        ({"url": URL, "mention": "@here"}, "mention: expected something such as <!here>"),
    ],
)
def test_settings_that_fit_neither_way_are_refused_without_being_shown(settings, complaint):
    with pytest.raises(ValueError, match=complaint) as refused:
        SlackConfig(**settings)
    assert "s3cret" not in str(refused.value)
