"""The network before a database, which can be cut: packets vanish in both directions, and come through again.

Rule: cut means silent, not reset: what was open stays open and hangs, what is new connects and is never answered.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK_BYTES = 65536


class Cuttable:
    """A TCP proxy before a unix socket; it runs on a thread of its own. `port` is where to connect instead."""

    def __init__(self, target: Path) -> None:
        self.port = 0
        self._target = target
        self._open = asyncio.Event()
        self._open.set()
        self._end = asyncio.Event()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def cut(self) -> None:
        """Let every packet vanish from now on."""
        self._do(self._open.clear)

    def heal(self) -> None:
        """Let packets through again; what was kept back arrives now, as it does when it is sent again."""
        self._do(self._open.set)

    def end(self) -> None:
        self._do(self._end.set)
        self._thread.join(10)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def _do(self, what: Callable[[], None]) -> None:
        assert self._loop is not None, "it was not started"
        self._loop.call_soon_threadsafe(what)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        try:
            there, back = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        await self._open.wait()
        sink.close()


@contextmanager
def cuttable(target: Path) -> Iterator[Cuttable]:
    proxy = Cuttable(target)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.end()
