"""A port over real sockets: it connects, it greets, or it says why not."""

import asyncio
import re
import socket
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.signals.sites import client_tls, context_at, hang, resolving, server_tls, site
from tests.adapters.vendor import Script
from tests.support.prometheus_server import free_fixed_port
from watchdog.adapters.resolver import Resolver
from watchdog.adapters.signals.checks.tcp import TcpOptions, build, policy_of
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown


def saying(*pieces: bytes, then: Script | None = None) -> Script:
    """Return a script that greets in pieces; then it closes, unless it goes on."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if then is not None:
            await then(reader, writer)

    return script


async def read(where: str, resolver: Resolver | None = None, **options: Any) -> Reading:
    made = build("port", TcpOptions.model_validate({"tcp": where, **options}), context_at(), client_tls(), resolver)
    (sample,) = await made.read()
    assert isinstance(sample.reading, Good) == (sample.latency_seconds is not None)
    return sample.reading


def place_of(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.mark.parametrize(
    ("script", "options", "expected"),
    [
        (hang, {}, Good("connected")),
        (saying(), {}, Good("connected")),
        (saying(b"220 mx.acme.example ESMTP\r\n", then=hang), {"banner": "^220 "}, Good),
        (saying(b"22", b"0 mx", then=hang), {"banner": "^220 "}, Good),
        (saying(b"421 too busy\x1b\r\n"), {"banner": "^220 "}, Bad('greets "421 too busy": not /^220/')),
        (saying(b"x" * 5000, then=hang), {"banner": "^220 "}, Bad),
        (saying(), {"banner": "^220 "}, Bad("closes without a greeting: not /^220/")),
        (hang, {"banner": "^220 ", "timeout": "200ms"}, Bad("timed out after 0.2 s (first byte)")),
        # A port that speaks no TLS.
        (saying(b"220 mx\r\n"), {"tls": True}, Bad),
        (hang, {"tls": True, "timeout": "200ms"}, Bad("timed out after 0.2 s (tls)")),
    ],
)
async def test_a_port(script: Script, options: dict[str, Any], expected: Any) -> None:
    async with site(script) as url:
        reading = await read(place_of(url), **options)
    if isinstance(expected, type):
        assert isinstance(reading, expected), reading
    else:
        assert getattr(reading, "why", None) == getattr(expected, "why", None) and type(reading) is type(expected)


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("127.0.0.1",), Good('greets "+OK"')), (("elsewhere.example",), FailureKind.TLS)],
)
async def test_with_tls_the_certificate_is_checked(names: tuple[str, ...], expected: Any) -> None:
    """With the trust store alone, and before anything is believed of the greeting."""
    async with site(saying(b"+OK\r\n", then=hang), server_tls(*names)) as url:
        reading = await read(place_of(url), tls=True, banner=r"^\+OK")
    if isinstance(expected, FailureKind):
        assert isinstance(reading, Bad) and reading.kind is expected
    else:
        assert reading == expected


async def test_a_server_that_hangs_up_in_the_handshake() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with site(hang_up) as url:
        reading = await read(place_of(url), tls=True)
    assert isinstance(reading, Bad) and reading.kind in (FailureKind.TLS, FailureKind.CONNECT)


async def test_where_nobody_listens_and_what_is_not_looked_at() -> None:
    """Refused is bad; an address that the guard refuses, or a lookup that cannot be made, is unknown."""
    assert await read(f"127.0.0.1:{free_fixed_port()}") == Bad("connection refused", FailureKind.CONNECT)
    inside = await read("db.acme.example:5432", resolving("10.0.0.7"))
    assert isinstance(inside, Unknown) and "private_hosts" in inside.why
    link_local = await read("db.acme.example:5432", resolving("169.254.169.254"))
    assert isinstance(link_local, Unknown) and "never connect" in link_local.why

    def nowhere(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    gone = await read("db.acme.example:5432", Resolver(lookup=nowhere))
    assert gone == Bad("DNS: the name does not resolve", FailureKind.DNS)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tcp": "db.acme.example"}, "host with its port"),
        ({"tcp": "db.acme.example:0"}, "not a port"),
        ({"tcp": "ann:word@db.acme.example:5432"}, "host with its port"),
        ({"tcp": "db.acme.example:5432/path"}, "host with its port"),
        ({"tcp": "[fe80::1]:5432"}, "link-local"),
        ({"banner": "("}, "banner"),
    ],
)
def test_what_cannot_be_connected_to_is_a_mistake_of_the_file(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        TcpOptions.model_validate({"tcp": "db.acme.example:5432", **options})


def test_alone_it_only_asks() -> None:
    policy = policy_of("db", TcpOptions(tcp="[2001:db8::1]:5432", tls=True))
    assert (policy.kind, policy.source, policy.critical) == ("http", "tcp", False)
