"""E-mail over SMTP: a plain text and an HTML part per notice, one conversation per incident.

Rule 1: smtplib blocks, so it works in a thread of our own: at most two, under one total deadline each.
Rule 2: the server's words are not repeated; only its code is.
Rule 3: a recipient refused for now is mailed alone when the same notice is sent again; no recipient is mailed twice.
"""

import hashlib
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as LINES_OF_SMTP
from email.utils import format_datetime
from typing import Annotated, Literal, Self

from cachetools import LRUCache
from pydantic import AfterValidator, Field, field_validator, model_validator

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.facts import brief
from watchdog.adapters.notifiers.smtp import Mailbox, MailServer
from watchdog.adapters.options import Context, check_port
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Partly
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier

PASSWORD = "WATCHDOG_SMTP_PASSWORD"  # noqa: S105  the name of a variable, not what it holds
ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}"
SERVER = r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]):\d{1,5}"
PERMANENT = 500
"""A refusal with this code or above is final; below it, the server may accept a retry."""
REMEMBERED = 1000
"""The number of mails whose remaining recipients we remember."""


def _address(words: str) -> str:
    if not re.fullmatch(ADDRESS, words):
        raise ValueError("not an e-mail address: write name@example.com")
    return words


Address = Annotated[str, AfterValidator(_address), written_as(f"^{ADDRESS}$", "ops@acme.example")]


class EmailOptions(ChannelOptions):
    """The mail server, the sender and the recipients. Without `tls`: TLS from the start on port 465, else STARTTLS."""

    smtp: Annotated[str, written_as(f"^{SERVER}$", "smtp.example.com:587")]
    sender: Address = Field(alias="from")
    to: tuple[Address, ...] = Field(min_length=1, max_length=20)
    user: str | None = None
    tls: Literal["starttls", "tls", "none"] | None = None

    @field_validator("smtp")
    @classmethod
    def _host_and_port(cls, smtp: str) -> str:
        if not re.fullmatch(SERVER, smtp):
            raise ValueError("not a mail server: write host:port, as in smtp.example.com:587")
        check_port(int(smtp.rpartition(":")[2]))
        return smtp

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Self:
        if self.user and self.tls == "none":
            raise ValueError("with tls: none the password would travel in clear: write tls: starttls, or drop user")
        return self

    @property
    def host(self) -> str:
        """Return the mail server's host name."""
        return self.smtp.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """Return the mail server's port."""
        return int(self.smtp.rpartition(":")[2])

    @property
    def security(self) -> Literal["starttls", "tls", "none"]:
        """Return the protection of the connection."""
        # 465 is TLS from the first byte (RFC 8314); 587 and 25 begin in clear and upgrade by STARTTLS.
        return self.tls or ("tls" if self.port == 465 else "starttls")


class Email:
    """Mails each notice. The reference is the Message-ID the incident's conversation began with."""

    name = "email"

    def __init__(self, options: EmailOptions, mailbox: Mailbox) -> None:
        self._options = options
        self._mailbox = mailbox
        # Only in memory: after a restart, people who have the mail may get it again, under the same Message-ID.
        self._left: LRUCache[str, tuple[str, ...]] = LRUCache(REMEMBERED)

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Mail the notice to all recipients, or to those that a first attempt missed.

        Raises Partly if the server refused some.
        """
        # The reference comes from the store; anything but a Message-ID of ours must not reach a mail header.
        root = reference if reference and re.fullmatch(r"<[0-9a-f]{40}@watchdog\.invalid>", reference) else None
        mail = self._mail(notice, root)
        name = str(mail["Message-ID"])
        to = self._left.get(name, self._options.to)
        refused = await self._mailbox.deliver(mail, self._options.sender, to)
        left = tuple(address for address, code in refused.items() if code < PERMANENT)
        self._remember(name, left)
        # Raised after the accepted recipients are served: the outbox must not send their copies again.
        if refused:
            raise Partly(_refused_recipients(len(to), refused), root or name, again=bool(left))
        return root or name

    def _remember(self, name: str, left: tuple[str, ...]) -> None:
        """Remember the remaining recipients of a mail, for a limited number of mails."""
        self._left.pop(name, None)
        if left:
            self._left[name] = left

    async def check(self) -> str:
        """Connect, secure and log in, but mail nothing. Raises Temporary or Permanent."""
        await self._mailbox.greet()
        login = f", takes the login of {self._options.user}" if self._options.user else ""
        return f"{self._options.smtp} answers ({self._options.security}){login}; `{command_line('notify test')}` mails"

    async def close(self) -> None:
        """Release the threads."""
        self._mailbox.close()

    def _mail(self, notice: Notice, root: str | None) -> EmailMessage:
        """Return the mail; a repeated send has the same Message-ID, so that most servers show it once."""
        mail = EmailMessage(policy=LINES_OF_SMTP)
        mail["Subject"] = text.title(notice)
        mail["From"] = f"watchdog <{self._options.sender}>"
        mail["To"] = ", ".join(self._options.to)
        mail["Date"] = format_datetime(datetime.fromtimestamp(notice.at, UTC))
        # RFC 3834: out-of-office programs must not answer a page.
        mail["Auto-Submitted"] = "auto-generated"
        mail["Message-ID"] = _message_id(f"{notice.dedup_key}\n{notice.at}\n{notice.kind.value}\n{notice.identity[-1]}")
        if root and root != mail["Message-ID"]:
            mail["In-Reply-To"] = root
            mail["References"] = root
        # Quoted-printable keeps lines within SMTP's 998 bytes; a commit message may have longer ones.
        mail.set_content(_plain(notice), cte="quoted-printable")
        from watchdog.adapters.notifiers import email_html  # its XML library is for the daemon alone

        mail.add_alternative(email_html.page(notice), subtype="html", cte="quoted-printable")
        return mail


def _plain(notice: Notice) -> str:
    """Return the notice as text, with the facts that the HTML part shows in its table."""
    facts = [f"  {name}: {value}" for name, value in brief(notice).items()]
    return "\n".join((text.render(notice), *(("", *facts) if facts else ()), ""))


def _refused_recipients(asked: int, refused: Mapping[str, int]) -> str:
    """Return the refused recipients as text for the log and `watchdog channel test`."""
    who = ", ".join(f"{address} (code {code})" for address, code in refused.items())
    return f"the mail server took it for {asked - len(refused)} of {asked} recipients and refused {who}: check `to`"


def _message_id(seed: str) -> str:
    """Return a Message-ID that is the same for the same seed, and reveals nothing of it."""
    return f"<{hashlib.sha256(seed.encode('utf-8', 'replace')).hexdigest()[:40]}@watchdog.invalid>"


def secrets(options: EmailOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return (PASSWORD,) if options.user else ()


def build(options: EmailOptions, context: Context) -> Notifier:
    """Build the channel; certificates are checked against the system's authorities."""
    server = MailServer(
        host=options.host,
        port=options.port,
        security=options.security,
        tls=ssl.create_default_context(),
        user=options.user,
        password=context.secrets.get(PASSWORD, ""),
        guard=context.guard,
    )
    return Email(options, Mailbox(server))
