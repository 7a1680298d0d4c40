"""E-mail over SMTP, one plain text per notice, threaded per incident."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from watchdog.adapters.options import Context, Options
from watchdog.ports import Notifier

PASSWORD = "WATCHDOG_SMTP_PASSWORD"


def _address(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}", text):
        raise ValueError("not an e-mail address: write name@example.com")
    return text


Address = Annotated[str, AfterValidator(_address)]


class EmailOptions(Options):
    """The mail server, who writes and who reads. Without `tls`: TLS from the start on port 465, else STARTTLS."""

    smtp: str
    sender: Address = Field(alias="from")
    to: tuple[Address, ...] = Field(min_length=1, max_length=20)
    user: str | None = None
    tls: Literal["starttls", "tls", "none"] | None = None

    @field_validator("smtp")
    @classmethod
    def _host_and_port(cls, smtp: str) -> str:
        host, _, port = smtp.rpartition(":")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]", host) or not re.fullmatch(r"\d{1,5}", port):
            raise ValueError("not a mail server: write host:port, as in smtp.example.com:587")
        if not 0 < int(port) < 65536:
            raise ValueError("not a port: write a number from 1 to 65535")
        return smtp

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Self:
        if self.user and self.tls == "none":
            raise ValueError("with tls: none the password would travel in clear: write tls: starttls, or drop user")
        return self

    @property
    def host(self) -> str:
        """The mail server's name."""
        return self.smtp.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The mail server's port."""
        return int(self.smtp.rpartition(":")[2])

    @property
    def security(self) -> str:
        """`starttls`, `tls` or `none`."""
        return self.tls or ("tls" if self.port == 465 else "starttls")


def secrets(options: EmailOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return (PASSWORD,) if options.user else ()


def build(options: EmailOptions, context: Context) -> Notifier:
    """Build the channel."""
    raise NotImplementedError
