"""Hostile HTTP from many connections at once, as fast as it is taken.

`python -m tests.support.hostile_clients PORT SECONDS [--connections 200] [--addresses 1]`

Each connection does one of KINDS after the other, for ever. Prints, as JSON, how often each was done. `--addresses N`:
from so many addresses of this machine (127.0.1.1 …).
"""

import argparse
import asyncio
import contextlib
import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable

CONNECTIONS = 200
PATIENCE_SECONDS = 8.0
HOST = "Host: localhost\r\n"
JSON = "Content-Type: application/json\r\n"
DEEP = "[" * 7000 + "]" * 7000
PAGES = ("/", "/login", "/static/console.css", "/static/console.js", "/metrics", "/healthz", "/readyz", "/status")
RESET = struct.pack("ii", 1, 0)

Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]]


def get(path: str, *headers: str, host: str = HOST) -> bytes:
    lines = "".join(f"{one}\r\n" for one in headers)
    return f"GET {path} HTTP/1.1\r\n{host}{lines}\r\n".encode("latin-1")


def post(path: str, body: str, *headers: str) -> bytes:
    lines = "".join(f"{one}\r\n" for one in (f"Content-Length: {len(body)}", *headers))
    return f"POST {path} HTTP/1.1\r\n{HOST}{lines}\r\n{body}".encode("latin-1")


def sending(make: Callable[[], bytes], *, half_close: bool = False) -> Attack:
    """Return what sends something and reads what comes back, until the server ends it or says nothing more."""

    async def attack(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(make())
        if half_close:
            writer.write_eof()
        await writer.drain()
        while await reader.read(65536):
            if not half_close:
                return

    return attack


async def slow_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One letter of a head every now and then."""
    for letter in get("/" + "a" * 100):
        writer.write(bytes((letter,)))
        await writer.drain()
        await asyncio.sleep(0.2)


async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Nothing at all, until it is cut off."""
    await reader.read()


async def never_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for large pages, and take none of it."""
    for _ in range(20):
        writer.write(get("/static/console.css"))
    await writer.drain()
    await asyncio.sleep(2)


KINDS: dict[str, Attack] = {
    "slow head": slow_head,
    "half open": half_open,
    "never reads": never_reads,
    "huge head": sending(lambda: get("/", f"X-A: {'a' * 1_000_000}")),
    "10,000 headers": sending(lambda: get("/", *(f"X-{number}: a" for number in range(10_000)))),
    "two lengths": sending(lambda: post("/login", "0\r\n\r\n", "Transfer-Encoding: chunked")),
    "junk": sending(lambda: random.randbytes(2000)),
    "wrong token": sending(lambda: get("/api/v1/services", f"Authorization: Bearer {random.randbytes(16).hex()}")),
    "bad cookie": sending(lambda: get("/", 'Cookie: watchdog_console="' + "\\" * 15_000 + '"')),
    "bad host": sending(lambda: get("/", host="Host: evil.example\r\n")),
    "no host": sending(lambda: get("/", host="")),
    "bad origin": sending(lambda: post("/login", "token=a", "Origin: http://[")),
    "deep JSON": sending(lambda: post("/api/v1/services/web/rollback", DEEP, JSON)),
    "login": sending(lambda: post("/login", f"token={random.randbytes(16).hex()}")),
    "long path": sending(lambda: get("/" + "a" * 12_000)),
    "method": sending(lambda: f"{random.randbytes(4).hex()} / HTTP/1.1\r\n{HOST}\r\n".encode()),
    "pipelined": sending(lambda: get("/healthz") * 100),
    "half closed": sending(lambda: get(random.choice(PAGES)), half_close=True),
    **{path: sending(lambda path=path: get(path)) for path in PAGES},
}


async def attack(port: int, seconds: float, connections: int, addresses: int) -> Counter[str]:
    done: Counter[str] = Counter()
    names = list(KINDS)

    async def client(number: int) -> None:
        source = f"127.0.1.{number % addresses + 1}" if addresses > 1 else "127.0.0.1"
        for turn in range(number, 10**9):
            name = names[turn % len(names)]
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await once(KINDS[name], port, source)
            except (OSError, TimeoutError, EOFError):
                done["refused or cut off"] += 1
            done[name] += 1
            await asyncio.sleep(0)

    clients = [asyncio.create_task(client(number)) for number in range(connections)]
    await asyncio.sleep(seconds)
    for one in clients:
        one.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    return done


async def once(kind: Attack, port: int, source: str) -> None:
    """Open a connection, do it, and end with a reset: a port that waits would be missing in the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    try:
        await kind(reader, writer)
    finally:
        writer.transport.abort()


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.support.hostile_clients", description=__doc__)
    words.add_argument("port", type=int)
    words.add_argument("seconds", type=float)
    words.add_argument("--connections", type=int, default=CONNECTIONS)
    words.add_argument("--addresses", type=int, default=1)
    wanted = words.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        print(json.dumps(asyncio.run(attack(wanted.port, wanted.seconds, wanted.connections, wanted.addresses))))


if __name__ == "__main__":
    main()
