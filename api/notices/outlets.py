"""Outlets: a notice as e-mail by SMTP (RFC 5321) or as JSON to a webhook; a link and a day, and nothing personal."""

import http.client
import smtplib
import ssl
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import urlsplit

import orjson

from api.notices.addresses import allowed_address, connected

TIMEOUT_S = 10.0
TOO_MANY, SERVER_ERROR, OK_BELOW = 429, 500, 300
PERMANENT = 500  # an SMTP reply of 5xx: another try would be answered alike (RFC 5321, 4.2.1)


class Undelivered(Exception):
    """The notice did not arrive. `again`: another try may succeed."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.again = again


@dataclass(frozen=True, slots=True)
class Message:
    """A notice: of which duty, on which occasion, due by when, and where it is to be seen.

    `id` is the same however often this notice is sent, so that a receiver can tell a repeat.
    """

    id: str
    duty: str
    occasion: str
    due_on: date
    link: str


class Outlet(Protocol):
    """A way out of the ledger. Blocks; raises Undelivered."""

    @property
    def channel(self) -> str:
        """The code under which notices of this outlet are recorded."""
        ...

    @property
    def needs_address(self) -> bool:
        """Tell whether it reaches somebody by an e-mail address of theirs."""
        ...

    def send(self, message: Message, address: str | None) -> None:
        """Send a notice, to an address where the outlet needs one."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpOutlet:
    """Hands e-mails to a mail server; with `tls` it insists on STARTTLS (RFC 3207)."""

    host: str
    port: int
    sender: str
    tls: bool = True
    user: str | None = None
    password: str | None = None
    timeout_s: float = TIMEOUT_S
    channel: str = "email"
    needs_address: bool = True

    def send(self, message: Message, address: str | None) -> None:
        """Hand one e-mail over."""
        if address is None:
            raise Undelivered("no_address", again=False)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=self.timeout_s) as server:
                if self.tls:
                    server.starttls(context=ssl.create_default_context())
                if self.user is not None:
                    server.login(self.user, self.password or "")
                server.send_message(_mail(message, self.sender, address))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise Undelivered("refused", again=all(code < PERMANENT for code in codes)) from error
        except smtplib.SMTPResponseException as error:
            raise Undelivered("refused", again=error.smtp_code < PERMANENT) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Undelivered(type(error).__name__, again=True) from error
        except ValueError as error:  # no address that could stand in a header
            raise Undelivered("no_address", again=False) from error


def _mail(message: Message, sender: str, address: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, address
    mail["Subject"] = f"A duty is yours, due on {message.due_on.isoformat()} · 您有一项责任事项"
    mail["Message-ID"] = f"<{message.id}@pledger>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's vacation answers it
    mail.set_content(
        f"A duty is yours, due on {message.due_on.isoformat()}.\n{message.link}\n\n"
        f"您有一项责任事项，截止日期 {message.due_on.isoformat()}。\n{message.link}\n"
    )
    return mail


@dataclass(frozen=True, slots=True)
class WebhookOutlet:
    """Posts JSON to one address, never to one inside the network unless `allow` names its host."""

    url: str
    allow: frozenset[str] = frozenset()
    timeout_s: float = TIMEOUT_S
    channel: str = "webhook"
    needs_address: bool = False

    def send(self, message: Message, address: str | None) -> None:
        """Post one notice. Redirects are not followed: they could lead inside."""
        parts = urlsplit(self.url)
        try:
            where = allowed_address(parts, self.allow)
            connection = connected(parts, where, self.timeout_s)
            try:
                path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
                connection.request("POST", path, _body(message), {"content-type": "application/json"})
                status = connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(type(error).__name__, again=not isinstance(error, PermissionError)) from error
        if status >= OK_BELOW:
            raise Undelivered(f"http_{status}", again=status == TOO_MANY or status >= SERVER_ERROR)


def _body(message: Message) -> bytes:
    due_on = message.due_on.isoformat()
    return orjson.dumps(
        {
            "id": message.id,
            "text": f"A duty is open, due on {due_on}: {message.link}",
            "occasion": message.occasion,
            "duty": message.duty,
            "due_on": due_on,
            "link": message.link,
        }
    )
