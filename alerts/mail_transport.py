"""How does one mail leave, and what can go wrong with it?

In one conversation with a mail server, on a connection of its own, under one time limit.  Each step of it may be
refused, and what was answered decides.  Until the final dot of the message is sent the server cannot have taken it;
from then on until it answers nobody knows; and only that last answer counts as a yes.

STARTTLS that was asked for is insisted on: a server, or somebody between us, that does not offer it gets nothing.
No reason given here holds more than the server's address and the step; none quotes a reply or an exception.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponse,
    SMTPResponseException,
)

from alerts.delivery import Rejected, TryAgain
from alerts.notifiers.base import Mail
from alerts.notifiers.smtp import shown_reply

logger = logging.getLogger(__name__)

#: Servers look into a mail before they take it, some for long; whom we do not wait for, we send it twice.
MAIL_TIMEOUT_S = 60.0

_FAREWELL_S = 1.0
_GO_AHEAD = 354
_GOING_AWAY = 421


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer that decided, the command that it was given to, and the codes by which recipients were refused."""

    code: int
    command: str
    text: str = field(repr=False)
    refused: str = ""


class _Unfit(Exception):
    """The server cannot do what is asked of it."""


async def converse(mail: Mail, timeout_s: float = MAIL_TIMEOUT_S) -> Reply | TryAgain | Rejected:
    """Return what the server answered, or why there is no answer."""
    conversation = _Conversation(mail)
    try:
        async with asyncio.timeout(timeout_s):
            reply = await conversation.hold()
    except _Unfit as lack:
        return Rejected(f"{mail.origin} {lack}")
    except SMTPResponseException as refusal:
        return conversation.refused(refusal)
    except TimeoutError:
        reason = f"no answer from {mail.origin} to {conversation.step} within {timeout_s:g} s"
        return TryAgain(reason, ambiguous=conversation.may_be_taken)
    except (SMTPException, OSError) as error:
        return conversation.broken_off(error)
    except ValueError:
        return Rejected(f"{conversation.step} could not be said to {mail.origin}: something in it is not allowed there")
    else:
        await conversation.say_goodbye()
        return reply
    finally:
        conversation.hang_up()


class _Conversation:
    """One conversation, and how far it has come."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._client = SMTP(
            hostname=mail.host, port=mail.port, use_tls=mail.security == "tls", start_tls=False, timeout=None
        )
        self.step = "the connection"
        self.may_be_taken = False

    async def hold(self) -> Reply:
        """Go through all of it, and return the answer by which the server took the message.

        Raises:
            SMTPResponseException: some answer was another than the one that goes on.
        """
        await self._introduce()
        await self._at("MAIL FROM", self._client.mail(self._mail.sender))
        refusals = await self._name_recipients()
        if len(refusals) == len(self._mail.recipients):
            raise min(refusals, key=lambda reply: reply.code)  # 4xx before 5xx: one that may be taken later decides
        taken = await self._hand_over()
        refused = _codes(refusals, len(self._mail.recipients))
        if refused:
            logger.warning("%s took a mail and refused some of its recipients: %s", self._mail.origin, refused)
        return Reply(taken.code, self.step, taken.message, refused)

    async def _introduce(self) -> None:
        mail, client = self._mail, self._client
        context = None if mail.security == "none" else await asyncio.to_thread(_trusting, mail.ca_file)
        await client.connect(tls_context=context)
        await self._at("EHLO", client.ehlo())
        if mail.security == "starttls":
            if not client.supports_extension("starttls"):
                raise _Unfit("does not offer STARTTLS, and nothing is told to it in the clear")
            await self._at("STARTTLS", client.starttls())
            await self._at("EHLO", client.ehlo())
        if mail.username:
            if not client.supported_auth_methods:
                raise _Unfit("offers no way to log in that is known here")
            await self._at("AUTH", client.login(mail.username, mail.password))

    async def _name_recipients(self) -> list[SMTPRecipientRefused]:
        """Return the refusals."""
        refusals = []
        for address in self._mail.recipients:
            try:
                await self._at("RCPT TO", self._client.rcpt(address))
            except SMTPRecipientRefused as reply:
                if reply.code == _GOING_AWAY:
                    raise
                refusals.append(reply)
        return refusals

    async def _hand_over(self) -> SMTPResponse:
        """Send the message itself.

        DATA is one step of the library's.  It is two here, because what breaks between them has not been heard.
        """
        ready = await self._at("DATA", self._client.execute_command(b"DATA"))
        protocol = self._client.protocol
        if ready.code != _GO_AHEAD or protocol is None:
            raise SMTPResponseException(ready.code, ready.message)
        self.step = "the message"
        self.may_be_taken = True
        protocol.write(_dotted(self._mail.message))
        taken = await protocol.read_response()
        if not 200 <= taken.code < 300:
            raise SMTPResponseException(taken.code, taken.message)
        return taken

    async def _at(self, step: str, doing: Awaitable[SMTPResponse]) -> SMTPResponse:
        self.step = step
        return await doing

    async def say_goodbye(self) -> None:
        """Be polite, and not for long: what counts has been said."""
        with suppress(SMTPException, OSError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._client.quit()

    def hang_up(self) -> None:
        """Close the connection, however it ended."""
        self._client.close()

    # --- how it can end before its time ---

    def refused(self, reply: SMTPResponseException) -> Reply | TryAgain:
        """Return a no as the answer that it is; any other answer, where it should not be, is none."""
        if 400 <= reply.code < 600:
            return Reply(reply.code, self.step, reply.message)
        return TryAgain(f"{self._mail.origin} answered no SMTP to {self.step}", ambiguous=self.may_be_taken)

    def broken_off(self, error: Exception) -> TryAgain:
        """Return what it means that the connection failed, or is no more."""
        name = type(error.__cause__ or error).__name__
        if self.step == "the connection" or isinstance(error, ssl.SSLError):
            return TryAgain(f"could not connect to {self._mail.origin}: {name}")
        return TryAgain(f"{self._mail.origin} broke off at {self.step}: {name}", ambiguous=self.may_be_taken)


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise _Unfit(f"cannot be told from others: ca_file could not be read ({type(error).__name__})") from None


def _dotted(message: bytes) -> bytes:
    """Return the message as DATA takes it: a dot that begins a line is doubled, one by itself is the end."""
    end = b"" if message.endswith(b"\r\n") else b"\r\n"
    return message.replace(b"\r\n.", b"\r\n..") + end + b".\r\n"


def _codes(refusals: Sequence[SMTPRecipientRefused], recipients: int) -> str:
    """Return how many were refused and by which codes, and not who they are."""
    if not refusals:
        return ""
    codes = sorted({shown_reply(reply.code, reply.message) for reply in refusals})
    return f"{len(refusals)} of {recipients}, {', '.join(codes)}"
