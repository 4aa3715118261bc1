"""A mail server in this process, which can be told to misbehave at any step of a conversation."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as WIRE

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class MailServer:
    """What it was sent, and what it does at which step: "hang", "close", or a reply such as "451 4.3.0 later".

    Steps are GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA (the command), MESSAGE (after the final dot) and QUIT.
    `refused` maps single recipients to replies.
    """

    port: int = 0
    misbehaviour: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    were_encrypted: list[bool] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(each.content, policy=WIRE) for each in self.envelopes]

    # --- what aiosmtpd asks a handler ---

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session: Session, envelope: Envelope):  # noqa: N802 - aiosmtpd's name
        self.steps.append("MESSAGE")
        self.envelopes.append(envelope)
        self.were_encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return await server.misbehave("MESSAGE") or "250 2.0.0 OK: queued as 4F3B21"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)


class _Conversation(SMTP):
    """aiosmtpd's side of a conversation, with a will of its own."""

    def __init__(self, mail_server: MailServer, **options):
        super().__init__(mail_server, hostname="mail.test", authenticator=mail_server.authenticate, **options)
        self._mail_server = mail_server
        self._greeted = False

    async def misbehave(self, step: str) -> str | None:
        match self._mail_server.misbehaviour.get(step):
            case "hang":
                await asyncio.sleep(60)
            case "close":
                self.transport.abort()
                await asyncio.sleep(60)  # until the conversation is cancelled, which its end does
        return self._mail_server.misbehaviour.get(step)

    async def push(self, status):
        if not self._greeted:
            self._greeted = True
            status = await self.misbehave("GREETING") or status
        await super().push(status)

    async def _or(self, step, usual, arg):
        self._mail_server.steps.append(step)
        reply = await self.misbehave(step)
        await (usual(arg) if reply is None else self.push(reply))

    async def smtp_EHLO(self, hostname):  # noqa: N802 - aiosmtpd's names
        await self._or("EHLO", super().smtp_EHLO, hostname)

    async def smtp_STARTTLS(self, arg):  # noqa: N802
        await self._or("STARTTLS", super().smtp_STARTTLS, arg)

    async def smtp_AUTH(self, arg):  # noqa: N802
        await self._or("AUTH", super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg):  # noqa: N802
        await self._or("MAIL", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg):  # noqa: N802
        await self._or("RCPT", super().smtp_RCPT, arg)

    async def smtp_DATA(self, arg):  # noqa: N802
        await self._or("DATA", super().smtp_DATA, arg)

    async def smtp_QUIT(self, arg):  # noqa: N802
        await self._or("QUIT", super().smtp_QUIT, arg)


@asynccontextmanager
async def mail_server(tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> AsyncIterator[MailServer]:
    """Serve on a free port: with STARTTLS if there is a certificate, or TLS from the start (`implicit`), or neither."""
    server = MailServer()
    loop = asyncio.get_running_loop()
    talking: list[_Conversation] = []

    def answer() -> _Conversation:
        # Behind implicit TLS aiosmtpd cannot see that it is encrypted, and would offer no login.
        talking.append(_Conversation(server, loop=loop, tls_context=None if implicit else tls, auth_require_tls=False))
        return talking[-1]

    listening = await loop.create_server(answer, "127.0.0.1", 0, ssl=tls if implicit else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for conversation in talking:
            if conversation.transport is not None:
                conversation.transport.abort()
            if conversation._handler_coroutine is not None:
                conversation._handler_coroutine.cancel()
        await asyncio.sleep(0)
        await listening.wait_closed()
