"""How is a mailbox told?

By a mail of two equal forms, plain text and HTML, handed to a mail server.

A server says yes or no to each recipient, and then to the mail.  It is delivered once one of them gets it: sent again
for the sake of a full mailbox, it would come to the others every few minutes.  Who was refused stands in the reference.
Whoever must not be missed for another's sake is a receiver of his own.

A reply is repeated by its codes only, since servers like to quote the address that they speak of.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from hashlib import sha256
from typing import ClassVar

from alerts.delivery import Delivered, Outcome, Rejected, TryAgain
from alerts.mail_addresses import check_recipients, checked_sender
from alerts.model import Notification
from alerts.notifiers.base import PAGER_PATIENCE_S, Attempt, Headers, Mail, cut
from alerts.notifiers.letter import ALERTS_LISTED, letter
from alerts.notifiers.mail_headers import mail_headers
from alerts.notifiers.wording import one_line

SECURITY = ("starttls", "tls", "none")
IMPLICIT_TLS_PORT = 465

#: A server must take a hundred recipients of one mail, and need not take more.
RECIPIENTS_LIMIT = 100

#: Some mailboxes cut off what is longer when they show it.
MAIL_LIMIT_BYTES = 100_000

_NAME_LIMIT = 60
_REFERENCE_LIMIT = 120
_QUOTED_ADDRESS = re.compile(r"\S+@\S+")
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """Which server takes our mail, and who gets it.

    `security` is "starttls", "tls" or "none"; empty: TLS from the start on port 465, STARTTLS on any other.
    """

    host: str
    sender: str = field(repr=False)
    to: tuple[str, ...] = field(repr=False)
    port: int = 587
    security: str = ""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca_file: str = ""
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what no server would take, and to say a password where everybody can hear it."""
        if not self.host or not self.host.isprintable() or " " in self.host:
            raise ValueError("host: expected the name of a mail server, got something else")
        if not 0 < self.port < 65536:
            raise ValueError(f"port: expected a number from 1 to 65535, got {self.port}")
        if self.security not in ("", *SECURITY):
            raise ValueError(f"security: expected one of {', '.join(SECURITY)}, got another word")
        self._check_login()
        checked_sender(self.sender, "sender")
        check_recipients(self.to, RECIPIENTS_LIMIT, "to")

    def _check_login(self) -> None:
        if bool(self.username) != bool(self.password):
            raise ValueError("username: expected username and password together, got only one of them")
        if self.password and self.security == "none":
            raise ValueError('security: expected "starttls" or "tls" with a password, got "none"')


class Smtp:
    """The wording of a mail, and what mail servers' replies mean."""

    Config: ClassVar[type[SmtpConfig]] = SmtpConfig

    def __init__(self, config: SmtpConfig) -> None:
        self._config = config
        self._security = config.security or ("tls" if config.port == IMPLICIT_TLS_PORT else "starttls")
        self._sender_name, self._sender = checked_sender(config.sender, "sender")
        self._domain = self._sender.rpartition("@")[2]

    budget = None
    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> Mail:
        """Return the mail, with as many of its alerts as fit."""
        config = self._config
        listed = ALERTS_LISTED
        message = self._message(notification, attempt, listed)
        while len(message) > MAIL_LIMIT_BYTES and listed > 1:
            listed //= 2
            message = self._message(notification, attempt, listed)
        return Mail(
            config.host,
            config.port,
            self._security,
            config.username,
            config.password,
            self._sender,
            config.to,
            message,
            config.ca_file,
        )

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what a reply means: `headers` tell the `Command` that it answers, and who was `Refused`."""
        text = body.decode("utf-8", "replace")
        if 200 <= status < 300:
            return Delivered(self._reference(text, headers.get("Refused", "")))
        command = headers.get("Command", "")
        reason = f"answered {shown_reply(status, text)}" + (f" to {command}" if command else "")
        return Rejected(reason) if 500 <= status < 600 else TryAgain(reason)

    def _reference(self, text: str, refused: str) -> str:
        """Return what the server said when it took the mail, which holds the number that its own log has for it."""
        said = _QUOTED_ADDRESS.sub("[address]", text)
        for secret in filter(None, (self._config.password, self._config.username)):
            said = said.replace(secret, "[secret]")
        said = one_line(said, _REFERENCE_LIMIT)
        return f"{said} (refused: {cut(refused, _REFERENCE_LIMIT)})" if refused else said

    def _message(self, notification: Notification, attempt: Attempt, alerts_listed: int) -> bytes:
        written = letter(notification, attempt, self._config.external_url, alerts_listed)
        message = EmailMessage(WIRE)
        self._address(message, notification)
        message["Subject"] = written.subject
        for name, value in mail_headers(notification, attempt, self._domain).items():
            message[name] = value
        # Every line is short and in ASCII, so that no server on the way needs an extension, or to change anything.
        message.set_content(written.text, cte="quoted-printable")
        message.add_alternative(written.html, subtype="html", cte="quoted-printable")
        message.set_boundary(f"=_{sha256(notification.id.encode()).hexdigest()[:32]}")  # "=_" is never in what it parts
        return message.as_bytes()

    def _address(self, message: EmailMessage, notification: Notification) -> None:
        message["From"] = Address(one_line(self._sender_name, _NAME_LIMIT), addr_spec=self._sender)
        message["To"] = [Address(addr_spec=address) for address in self._config.to]
        message["Date"] = format_datetime(datetime.fromtimestamp(notification.created_at, UTC))
        list_name = re.sub(r"[^A-Za-z0-9-]+", "-", notification.receiver)[:_NAME_LIMIT]
        message["List-Id"] = f"Roomwatch alerts <{list_name}.roomwatch.{self._domain}>"


def shown_reply(code: int, text: str) -> str:
    """Return the codes of a reply, such as `550 5.1.1`, and nothing of its words."""
    enhanced = _ENHANCED_CODE.match(text)
    return f"{code} {enhanced[0]}" if enhanced else str(code)
