"""Listeners: a port that is kept, a door that can be shut, a connection that can be cut."""

import asyncio
import socket

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.support.clocks import eventually
from watchdog.sandbox.sockets import HOST, Listener, cut


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


async def ask(listener: Listener) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(listener.url)).text


async def test_a_shut_door_refuses_and_opens_again_on_the_same_port() -> None:
    """Three times, and nobody else can take the port in between."""
    listener = Listener(hello)
    url = listener.url
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            await ask(listener)
        with pytest.raises(OSError), socket.socket() as thief:
            thief.bind((HOST, listener.port))
        await listener.open()
        assert await ask(listener) == "hello"
        listener.shut()
    assert listener.url == url
    await listener.close()


async def test_shutting_breaks_connections_that_are_kept_alive() -> None:
    listener = Listener(hello)
    await listener.open()
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(listener.url)
        listener.shut()
        with pytest.raises(httpx.TransportError):
            await client.get(listener.url)
    await listener.close()


async def test_closing_ends_what_is_in_hand() -> None:
    """A handler that would wait for ever does not keep the sandbox open, and nothing is left running."""
    begun = asyncio.Event()

    async def forever(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    listener = Listener(forever)
    await listener.open()
    before = asyncio.all_tasks()
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(swallow(client, listener.url))
        await begun.wait()
        await listener.close()
        await asking
    await eventually(lambda: asyncio.all_tasks() <= before)


async def swallow(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(httpx.TransportError):
        await client.get(url)


async def test_only_loopback_is_bound_and_a_connection_is_cut_only_through_a_listener() -> None:
    with pytest.raises(RuntimeError, match="Listener"):
        cut(Request({"type": "http", "headers": []}).scope)
    listener = Listener(hello)
    assert listener.url.startswith("http://127.0.0.1:") and listener.port > 1023
    await listener.close()
