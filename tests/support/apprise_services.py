"""The services behind Apprise, at the wire: a proxy that ends TLS itself, so each vendor's own address leads here."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import trustme

END = b"\r\n\r\n"
Answer = tuple[int, str] | None
"""Status and body; None: no answer comes while the client waits."""


@dataclass(frozen=True)
class Asked:
    """One request as a service got it."""

    host: str
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class AppriseServices:
    """Answers each host with what `answers` has for it, else with 200 and `ok`; remembers every request."""

    url: str = ""
    authority: trustme.CA = field(default_factory=trustme.CA)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[asyncio.Task[Any]] = field(default_factory=set)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def of(self, host: str) -> list[Asked]:
        return [one for one in self.asked if one.host == host]

    async def wait_for(self, done: Callable[[], bool]) -> None:
        async with self.arrived:
            await self.arrived.wait_for(done)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.open.add(task)
        task.add_done_callback(self.open.discard)
        try:
            await self._tunnel(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connect = (await reader.readuntil(END)).split()
        assert connect[0] == b"CONNECT"
        host = connect[1].decode().rpartition(":")[0]
        writer.write(b"HTTP/1.1 200 OK" + END)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        await writer.start_tls(context)
        head, *lines = (await reader.readuntil(END)).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        method, path, _ = head.split(" ")
        self.asked.append(Asked(host, method, path, headers, _read(body, headers.get("content-type", ""))))
        async with self.arrived:
            self.arrived.notify_all()
        answer = self.answers.get(host, (200, "ok"))
        if answer is None:
            await self.released.wait()
            return
        status, said = answer
        length = len(said.encode())
        kind = "application/json" if said.startswith("{") else "text/plain"
        lines = [f"HTTP/1.1 {status} X", f"content-length: {length}", f"content-type: {kind}", "connection: close"]
        writer.write("\r\n".join([*lines, "", said]).encode())
        await writer.drain()


def _read(body: str, kind: str) -> Any:
    if "json" in kind or body.startswith("{"):
        return json.loads(body)
    if "x-www-form-urlencoded" in kind:
        return {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
    return body


@asynccontextmanager
async def apprise_services(folder: Path, setenv: Callable[[str, str], object]) -> AsyncIterator[Any]:
    """Serve them; every request by `requests` of this process goes here, whatever its host."""
    services = AppriseServices()
    server = await asyncio.start_server(services.serve, "127.0.0.1", 0)
    services.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    trusted = folder / "trusted.pem"
    services.authority.cert_pem.write_to_path(str(trusted))
    setenv("HTTPS_PROXY", services.url)
    setenv("REQUESTS_CA_BUNDLE", str(trusted))
    try:
        yield services
    finally:
        services.released.set()
        server.close()
        await asyncio.gather(*services.open, return_exceptions=True)
