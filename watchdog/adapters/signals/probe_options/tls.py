"""The authority that a probe trusts, and the certificate that it shows: files in PEM.

Rule 1: all probes with the same files share one context, as making one costs 6 ms; a renewed file makes a new one.
Rule 2: no message holds a path or anything of a file.
"""

import ssl
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import httpx
from pydantic import AfterValidator, Field, model_validator

from watchdog.adapters.options import Options

FILE_BYTES_MAX = 1024 * 1024
CONTEXTS_MAX = 64
"""Contexts that are kept; more distinct settings work, and are read anew each time."""
PEM = "write the path of a PEM file, beside this file or from the root"


def _check_path(text: str) -> str:
    if not text or not text.isprintable() or len(text) > 1000:
        raise ValueError(f"not a path: {PEM}")
    return text


PemFile = Annotated[str, AfterValidator(_check_path)]


class ProbeTls(Options):
    """The files of a probe's connection; relative ones lie beside the configuration."""

    ca: PemFile | None = Field(default=None, description="authorities that are trusted, instead of the public ones")
    client_cert: PemFile | None = Field(default=None, description="the certificate to show, with its chain")
    client_key: PemFile | None = Field(default=None, description="its key without a password; default: in client_cert")

    @model_validator(mode="after")
    def _is_whole(self) -> "ProbeTls":
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("a key without a certificate: write client_cert as well")
        if self.ca is None and self.client_cert is None:
            raise ValueError("names no file: write ca, or client_cert and client_key")
        return self

    def within(self, folder: Path) -> "ProbeTls":
        """Return it with whole paths; relative ones lie in the folder."""
        return self.model_copy(update={key: str((folder / path).absolute()) for key, path in self.files()})

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield each key with its path."""
        written = {"ca": self.ca, "client_cert": self.client_cert, "client_key": self.client_key}
        yield from ((key, path) for key, path in written.items() if path is not None)

    def context(self) -> ssl.SSLContext:
        """Return the context of these files, as they are now. Raises OSError, of which SSLError is one."""
        stamps = tuple((found.st_mtime_ns, found.st_size) for _, path in self.files() for found in [Path(path).stat()])
        return _context(self.ca, self.client_cert, self.client_key, stamps)

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is wrong with the files: the key, what it is, and what to write instead."""
        missing = [(key, why) for key, path in self.files() if (why := _unreadable(path))]
        if missing:
            yield from ((key, why, PEM) for key, why in missing)
            return
        for key, path in self.files():
            if key != "client_key" and not _holds_certificates(path):
                yield key, "holds no certificate in PEM", "write one that begins with -----BEGIN CERTIFICATE-----"
                return
        try:
            self.context()
        except OSError as error:
            key = "client_cert" if self.client_key is None else "client_key"
            if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
                yield key, "the key is of another certificate", "write the key that the certificate was made with"
            else:
                yield key, "holds no key that can be read without a password", "write one in PEM, decrypted"


@lru_cache(maxsize=CONTEXTS_MAX)
def _context(ca: str | None, cert: str | None, key: str | None, stamps: tuple[tuple[int, int], ...]) -> ssl.SSLContext:
    """Return the context of these files; `stamps` tell one state of them from another."""
    context = httpx.create_ssl_context() if ca is None else ssl.create_default_context(cafile=ca)
    if cert is not None:
        # A password is answered at once: otherwise OpenSSL asks for it on the terminal, and the daemon waits.
        context.load_cert_chain(cert, key, password=lambda: "")
    return context


def _unreadable(path: str) -> str:
    """Return why a file cannot be used at all, or an empty text."""
    file = Path(path)
    try:
        found = file.stat()
        # Only a file is opened: a pipe would keep the check waiting.
        if not file.is_file() or not 0 < found.st_size <= FILE_BYTES_MAX:
            return "is no file, empty, or too large for one"
        file.open("rb").close()
    except FileNotFoundError:
        return "there is no such file"
    except OSError as error:
        return f"the file cannot be read ({type(error).__name__})"
    return ""


def _holds_certificates(path: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except OSError:
        return False
    return bool(context.cert_store_stats()["x509"])
