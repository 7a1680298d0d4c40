"""smtplib in threads of our own: limited in number and in time, connected where the guard allows, silent about words.

smtplib has a timeout per read only, and a server that dribbles resets it with each byte. So the deadline is kept
outside, and a session that passes it has its socket closed: its thread then ends at once.
"""

import asyncio
import base64
import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, TypeVar

from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.errors import Forbidden, Permanent, Temporary

THREADS = 2
READ_TIMEOUT_SECONDS = 8.0
TOTAL_SECONDS = 20.0
ADDRESSES_MAX = 4
OUR_NAME = "[127.0.0.1]"  # an address literal: smtplib would else ask the DNS for our name, without a deadline
LOGINS = frozenset({"CRAM-MD5", "PLAIN", "LOGIN"})
"""The mechanisms that smtplib knows."""
FAILURES = (OSError, smtplib.SMTPException, ValueError)
"""The errors that end a session. TimeoutError is an OSError; a challenge that is not Base64 is a ValueError."""
Dialogue = Callable[[smtplib.SMTP], object]
Socket = TypeVar("Socket", bound=socket.socket)


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes our mail, and our credentials there."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    tls: ssl.SSLContext = field(repr=False)
    user: str | None = None
    password: str = field(default="", repr=False)
    guard: AddressGuard = field(default_factory=AddressGuard, repr=False)


class Mailbox:
    """Hands mail in. Raises Temporary or Permanent."""

    def __init__(self, server: MailServer, total_seconds: float = TOTAL_SECONDS) -> None:
        self._server = server
        self._total_seconds = total_seconds
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="smtp")
        # A semaphore beside the pool: its queue has no limit, and a page that
        # waits behind two hung sessions should fail over.
        self._free = threading.Semaphore(THREADS)

    async def deliver(self, mail: EmailMessage, sender: str, to: Sequence[str]) -> Mapping[str, int]:
        """Hand one mail in; return the refused recipients, each with the server's code.

        Raises Temporary or Permanent if the server took the mail for no recipient.
        """
        refused: dict[str, int] = {}

        def hand_in(smtp: smtplib.SMTP) -> None:
            answers = smtp.send_message(mail, sender, list(to))
            refused.update({address: code for address, (code, _) in answers.items()})

        await self._talk(hand_in)
        return refused

    async def greet(self) -> None:
        """Connect, secure, log in and say NOOP."""
        await self._talk(lambda smtp: smtp.noop())

    def close(self) -> None:
        """Release the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _talk(self, dialogue: Dialogue) -> None:
        """Run one session in a thread, within the total deadline; a cancelled or late one loses its socket."""
        if not self._free.acquire(blocking=False):
            raise Temporary(f"{self._name} still holds {THREADS} earlier mails of ours", retry_after_seconds=5.0)
        session = _Session(self._server)
        job = self._threads.submit(session.run, dialogue)
        job.add_done_callback(lambda _: self._free.release())
        try:
            async with asyncio.timeout(self._total_seconds):
                await asyncio.wrap_future(job)
        except FAILURES as error:
            # Once the session is done the mail was taken, and a retry would send it twice.
            if not session.done:
                raise self._meaning(error) from None
        finally:
            session.abort()

    @property
    def _name(self) -> str:
        return f"mail server {self._server.host}:{self._server.port}"

    def _meaning(self, error: Exception) -> Temporary | Permanent:
        """Return the error for the caller, chosen by type and code of the session's error, never by its text."""
        match error:
            case smtplib.SMTPAuthenticationError() if error.smtp_code >= 500:
                return Forbidden(f"{self._name} refused the login (code {error.smtp_code}): check user and password")
            case smtplib.SMTPRecipientsRefused():
                # One address with a 4xx may succeed later, so only all 5xx make the refusal final.
                codes = sorted({code for code, _ in error.recipients.values()})
                kind = Permanent if codes and codes[0] >= 500 else Temporary
                return kind(f"{self._name} refused every recipient (codes {codes}): check `to`")
            case smtplib.SMTPResponseException() if error.smtp_code >= 400:
                kind = Permanent if error.smtp_code >= 500 else Temporary
                return kind(f"{self._name} refused the mail (code {error.smtp_code})")
            case smtplib.SMTPNotSupportedError():
                security, login = self._server.security, f"{(self._server.user or '')}{self._server.password}"
                cure = "check `tls`" if login.isascii() else "take user and password of ASCII letters, or check `tls`"
                return Forbidden(f"{self._name} does not offer what we need (tls: {security}, login): {cure}")
            case UnicodeEncodeError():
                return Forbidden(f"{self._name}: the login is not text in UTF-8: write user and password anew")
            case ssl.SSLError():
                return Permanent(f"{self._name} failed at TLS ({type(error).__name__}): check host, port and `tls`")
            case TimeoutError():
                return Temporary(f"{self._name} did not answer in time")
            case _:
                return Temporary(f"{self._name} could not be used ({type(error).__name__})")


class _Session:
    """One connection, opened and used in a thread; `abort` may be called from another thread."""

    def __init__(self, server: MailServer) -> None:
        self.done = False
        self._server = server
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._aborted = False

    def run(self, dialogue: Dialogue) -> None:
        """Connect, secure, log in, hold the dialogue, say goodbye."""
        server = self._server
        with contextlib.closing(_TlsSmtp(self) if server.security == "tls" else _Smtp(self)) as smtp:
            if server.security == "starttls":
                smtp.starttls(context=server.tls)
                if smtp.sock is not None:
                    # STARTTLS wraps the socket in a new object; closing the old one
                    # would leave the session's thread reading.
                    self.keep(smtp.sock)
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                _log_in(smtp, server.user, server.password)
            dialogue(smtp)
            self.done = True
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()  # politeness: its failure must not send the mail again

    def keep(self, connected: Socket) -> Socket:
        """Remember the socket for `abort`, before anything is read. Raises OSError if `abort` was called."""
        with self._lock:
            self._socket = connected
            # The deadline may pass while the thread still connects; then no socket existed for `abort` to close.
            if self._aborted:
                connected.close()
                raise ConnectionAbortedError
        return connected

    def abort(self) -> None:
        """Close the socket under a session that still runs: its thread gets an error and ends."""
        with self._lock:
            self._aborted = True
            if self._socket is not None:
                with contextlib.suppress(OSError):  # it is closed already, which is what we want
                    # A shutdown wakes a thread that reads from the socket; a mere close would not.
                    self._socket.shutdown(socket.SHUT_RDWR)

    @property
    def arguments(self) -> tuple[str, int, str]:
        """Return host, port and our own name."""
        return self._server.host, self._server.port, OUR_NAME

    def connect(self, host: str, port: int, timeout_seconds: float) -> socket.socket:
        """Return a connection to an address that the guard allows. Raises Permanent if it allows none, or OSError."""
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(row[4][0]) for row in rows))[:ADDRESSES_MAX]
        if why := self._server.guard.refusal(host, addresses):
            raise Permanent(f"mail server {host}:{port} {why}")
        problem: OSError = OSError("the name has no address")
        for address in addresses:
            try:
                # The checked address, not the name: a second lookup could return another address (DNS rebinding).
                return socket.create_connection((address, port), timeout_seconds)
            except OSError as error:
                problem = error
        raise problem

    @property
    def tls(self) -> ssl.SSLContext:
        """Return the TLS context, which says how certificates are checked."""
        return self._server.tls


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in. Raises SMTPAuthenticationError for a refusal, SMTPNotSupportedError without a mechanism that can."""
    offered = set(smtp.esmtp_features.get("auth", "").upper().split())
    # smtplib sends ASCII alone. PLAIN takes UTF-8 (RFC 4616); of the others no document says which letters they take.
    is_ascii = (user + password).isascii()
    if not offered & (LOGINS if is_ascii else {"PLAIN"}):
        raise smtplib.SMTPNotSupportedError
    if is_ascii:
        smtp.login(user, password)
        return
    code, _ = smtp.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, "")


class _Smtp(smtplib.SMTP):
    """Its session knows its socket before it reads: a server may dribble from the first line on."""

    def __init__(self, session: _Session) -> None:
        self._session = session
        super().__init__(*session.arguments, timeout=READ_TIMEOUT_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._session.keep(self._session.connect(host, port, timeout))


class _TlsSmtp(_Smtp):
    """The same, with TLS from the start: the certificate is checked against the name."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        return self._session.keep(self._session.tls.wrap_socket(plain, server_hostname=host))
