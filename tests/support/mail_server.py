"""A mail server on loopback: it speaks enough SMTP (STARTTLS, TLS, AUTH PLAIN) and refuses what the test tells it."""

import asyncio
import base64
import contextlib
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

MAIL_BYTES = 2**20
"""The longest mail it takes."""


@dataclass
class Post:
    """The server. `refuse` maps a command (MAIL, RCPT, DATA, AUTH, BANNER, QUIT) to the reply given instead of yes.

    `refuse_to` does so for a recipient. `silent` is a command that gets no reply at all.
    """

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    login: tuple[str, str] | None = None
    logins: str = "PLAIN"
    refuse: dict[str, str] = field(default_factory=dict)
    refuse_to: dict[str, str] = field(default_factory=dict)
    silent: str = ""
    dribble: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    open: int = 0
    smtp: str = ""

    async def start(self) -> None:
        tls = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls, limit=MAIL_BYTES)
        self.smtp = f"localhost:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._session(reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.dribble:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.02)
        self._say(writer, self.refuse.get("BANNER", "220 post"))
        sender, to, secure = "", list[str](), self.implicit
        while line := (await reader.readline()).decode("ascii").strip():
            verb = line.split(":")[0].split(" ")[0].upper()
            self.commands.append(verb)
            if verb == self.silent:
                continue
            if verb in self.refuse:
                self._say(writer, self.refuse[verb])
            elif verb == "EHLO":
                offers = ["STARTTLS"] * bool(self.tls and not secure) + [f"AUTH {self.logins}"] * bool(self.login)
                self._say(writer, "250-post greets you", *(f"250-{offer}" for offer in offers), "250 HELP")
            elif verb == "STARTTLS":
                self._say(writer, "220 go ahead")
                assert self.tls is not None
                await writer.start_tls(self.tls)
                secure = True
            elif verb == "AUTH":
                given = base64.b64decode(line.split(" ")[2]).decode().split("\0")[1:]
                self._say(
                    writer, "235 welcome" if tuple(given) == self.login else "535 who is canary-password-eeeeeeee"
                )
            elif verb == "DATA":
                self._say(writer, "354 go on")
                raw = await reader.readuntil(b"\r\n.\r\n")
                # RFC 5321, 4.5.2: the sender doubles a dot at the begin of a line.
                mail = message_from_bytes(raw[:-3].replace(b"\r\n..", b"\r\n."), policy=policy.default)
                assert isinstance(mail, EmailMessage)
                self.mails.append(mail)
                self.envelopes.append((sender, to))
                self._say(writer, "250 taken")
            elif verb == "QUIT":
                self._say(writer, "221 bye")
                return
            else:
                address = line.partition("<")[2].partition(">")[0]
                if verb == "RCPT" and address in self.refuse_to:
                    self._say(writer, self.refuse_to[address])
                    continue
                sender, to = (address, []) if verb == "MAIL" else (sender, to)
                to = [*to, address] if verb == "RCPT" else to
                self._say(writer, "250 OK")

    def _say(self, writer: asyncio.StreamWriter, *lines: str) -> None:
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
