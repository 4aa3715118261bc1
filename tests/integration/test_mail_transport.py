"""What becomes of a mail, whatever the server does, at whatever step."""

import asyncio
import socket
import ssl

import pytest
import trustme

from alerts.delivery import Delivered, Rejected, TryAgain
from alerts.notifiers.base import Attempt
from alerts.notifiers.smtp import Smtp, SmtpConfig
from alerts.transport import Answer, Transport
from tests.alert_builders import START, make_alert, make_notification
from tests.mail_server import mail_server

SENDER, OPS, BOSS = "roomwatch@example.com", "ops@example.com", "boss@example.com"
PASSWORD = "pass-w0rd"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
async def server(certificate):
    async with mail_server(certificate) as server:
        yield server


@pytest.fixture
def write(server, ca_file):
    return lambda **changes: notifier_of(server, ca_file, **changes)


def notifier_of(server, ca_file, **changes):
    settings = {"host": "127.0.0.1", "port": server.port, "sender": SENDER, "to": (OPS, BOSS), "ca_file": ca_file}
    return Smtp(SmtpConfig(**{**settings, **changes}))


async def send(notifier, notification=None, timeout_s=5.0):
    """Return what the mail came to, as a dispatcher would."""
    mail = notifier.render(notification or make_notification(), Attempt(START))
    async with Transport(mail_timeout_s=timeout_s) as transport:
        answer = await transport.exchange(mail)
    return notifier.judge(answer.status, answer.headers, answer.body) if isinstance(answer, Answer) else answer


async def test_a_mail_arrives_whole_over_starttls_and_is_known_by_the_name_the_server_gave_it(server, write):
    assert await send(write()) == Delivered("2.0.0 OK: queued as 4F3B21")
    [envelope], [mail] = server.envelopes, server.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [OPS, BOSS])
    assert server.were_encrypted == [True]
    assert mail["Subject"] == "[FIRING:1] alice is cut off."
    assert "alice is cut off." in mail.get_body(("plain",)).get_content()
    assert "alice is cut off." in mail.get_body(("html",)).get_content()


async def test_a_line_that_begins_with_a_dot_arrives_with_its_dot(server, write):
    alert = make_alert(annotations={"summary": ".", "description": "... " * 60})
    await send(write(), make_notification(alert=alert))
    text = server.mails[0].get_body(("plain",)).get_content()
    assert "\n.\n" in text.replace("\r\n", "\n")
    assert ("... " * 60).strip() in text


async def test_a_login_is_made_after_the_encryption(server, write):
    assert isinstance(await send(write(username="me", password=PASSWORD)), Delivered)
    assert server.logins == [(b"me", PASSWORD.encode())]
    assert server.steps[:3] == ["EHLO", "STARTTLS", "EHLO"]


async def test_tls_from_the_start_needs_no_starttls(certificate, ca_file):
    async with mail_server(certificate, implicit=True) as server:
        outcome = await send(notifier_of(server, ca_file, security="tls", username="me", password=PASSWORD))
        assert isinstance(outcome, Delivered)
        assert server.were_encrypted == [True]
        assert "STARTTLS" not in server.steps


async def test_a_server_without_starttls_is_told_nothing(ca_file):
    async with mail_server() as server:
        outcome = await send(notifier_of(server, ca_file, username="me", password=PASSWORD))
        assert outcome == Rejected(
            f"smtp://127.0.0.1:{server.port} does not offer STARTTLS, and nothing is told to it in the clear"
        )
        assert (server.steps, server.logins) == (["EHLO"], [])


async def test_a_server_without_starttls_gets_mail_where_that_is_asked_for(ca_file):
    async with mail_server() as server:
        assert isinstance(await send(notifier_of(server, ca_file, security="none")), Delivered)
        assert server.were_encrypted == [False]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_nobody_we_trust_is_no_certificate(certificate, security):
    async with mail_server(certificate, implicit=security == "tls") as server:
        outcome = await send(notifier_of(server, "", security=security, username="me", password=PASSWORD))
        assert outcome == TryAgain(f"could not connect to smtp://127.0.0.1:{server.port}: SSLCertVerificationError")
        assert (server.logins, server.envelopes) == ([], [])


async def test_certificates_that_cannot_be_read_are_said_to_be_the_trouble(server, tmp_path):
    outcome = await send(notifier_of(server, str(tmp_path / "none.pem")))
    assert isinstance(outcome, Rejected)
    assert "ca_file could not be read (FileNotFoundError)" in outcome.reason


REPLIES = [
    ("GREETING", "the connection"),
    ("EHLO", "EHLO"),
    ("STARTTLS", "STARTTLS"),
    ("AUTH", "AUTH"),
    ("MAIL", "MAIL FROM"),
    ("RCPT", "RCPT TO"),
    ("DATA", "DATA"),
    ("MESSAGE", "the message"),
]


@pytest.mark.promise("P12")
@pytest.mark.parametrize(("step", "command"), REPLIES)
async def test_a_4xx_is_tried_again_at_every_step_and_cannot_have_been_heard(server, write, step, command):
    server.misbehaviour[step] = f"451 4.3.0 {OPS} later"
    outcome = await send(write(username="me", password=PASSWORD))
    assert outcome == TryAgain(f"answered 451 4.3.0 to {command}")


@pytest.mark.promise("P12")
@pytest.mark.parametrize(("step", "command"), REPLIES)
async def test_a_5xx_is_final_at_every_step(server, write, step, command):
    server.misbehaviour[step] = f"554 5.7.1 {OPS} never"
    outcome = await send(write(username="me", password=PASSWORD))
    assert outcome == Rejected(f"answered 554 5.7.1 to {command}")


@pytest.mark.promise("P39")
@pytest.mark.parametrize(("step", "command"), REPLIES)
async def test_only_who_falls_silent_after_the_final_dot_may_have_taken_it(server, write, step, command):
    server.misbehaviour[step] = "hang"
    outcome = await send(write(username="me", password=PASSWORD), timeout_s=1)
    reason = f"no answer from smtp://127.0.0.1:{server.port} to {command} within 1 s"
    assert outcome == TryAgain(reason, ambiguous=step == "MESSAGE")


@pytest.mark.promise("P39")
@pytest.mark.parametrize(("step", "command"), REPLIES)
async def test_only_who_hangs_up_after_the_final_dot_may_have_taken_it(server, write, step, command):
    server.misbehaviour[step] = "close"
    outcome = await send(write(username="me", password=PASSWORD))
    assert isinstance(outcome, TryAgain)
    assert outcome.ambiguous == (step == "MESSAGE")
    assert outcome.reason.startswith(
        "could not connect" if step == "GREETING" else f"smtp://127.0.0.1:{server.port} broke off at {command}"
    )


BABBLE = [
    (step, reply)
    for step, replies in {
        "GREETING": ("250 fine", "700 what", "hello"),
        "STARTTLS": ("250 fine", "700 what", "hello"),
        "MAIL": ("252 perhaps", "700 what", "hello"),
        "RCPT": ("252 perhaps", "700 what", "hello"),
        "DATA": ("250 fine", "700 what", "hello"),
        "MESSAGE": ("354 go on", "700 what", "hello"),
    }.items()
    for reply in replies
]


@pytest.mark.promise("P40")
@pytest.mark.parametrize(("step", "reply"), BABBLE)
async def test_a_yes_in_the_wrong_place_is_none_and_babble_is_no_answer(server, write, step, reply):
    server.misbehaviour[step] = reply
    outcome = await send(write())
    reason = f"smtp://127.0.0.1:{server.port} answered no SMTP to {dict(REPLIES)[step]}"
    assert outcome == TryAgain(reason, ambiguous=step == "MESSAGE")


async def test_a_mail_is_delivered_once_one_recipient_gets_it_and_the_refusal_is_on_record(server, write, caplog):
    server.refused[BOSS] = f"550 5.1.1 <{BOSS}> unknown"
    assert await send(write()) == Delivered("2.0.0 OK: queued as 4F3B21 (refused: 1 of 2, 550 5.1.1)")
    assert server.envelopes[0].rcpt_tos == [OPS]
    assert "refused some of its recipients: 1 of 2, 550 5.1.1" in caplog.text
    assert BOSS not in caplog.text


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        (("550 no", "550 no"), Rejected("answered 550 to RCPT TO")),
        (("550 no", "450 4.2.1 later"), TryAgain("answered 450 4.2.1 to RCPT TO")),
        (("421 4.3.2 going down", "250 OK"), TryAgain("answered 421 4.3.2 to RCPT TO")),
    ],
)
async def test_a_mail_that_nobody_may_get_is_tried_again_if_one_of_them_may_get_it_later(
    server, write, replies, outcome
):
    server.refused = dict(zip((OPS, BOSS), replies, strict=True))
    assert await send(write()) == outcome
    assert server.envelopes == []


async def test_a_server_that_never_says_goodbye_has_taken_the_mail_all_the_same(server, write):
    server.misbehaviour["QUIT"] = "hang"
    async with asyncio.timeout(30):
        assert isinstance(await send(write(), timeout_s=2), Delivered)


async def test_where_nobody_listens_no_server_can_have_heard(ca_file):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        outcome = await send(Smtp(SmtpConfig(host="127.0.0.1", port=port, sender=SENDER, to=(OPS,))))
    assert outcome == TryAgain(f"could not connect to smtp://127.0.0.1:{port}: ConnectionRefusedError")


async def test_a_mail_that_is_called_off_leaves_no_conversation_behind(server, write):
    server.misbehaviour["MESSAGE"] = "hang"
    sending = asyncio.create_task(send(write()))
    async with asyncio.timeout(30):
        while "MESSAGE" not in server.steps:
            await asyncio.sleep(0.01)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
