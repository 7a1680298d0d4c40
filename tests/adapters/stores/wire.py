"""The wire between a worker and its PostgreSQL, which breaks around a commit: before it, or before its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

CHUNK_BYTES = 65536


class Wire:
    """A TCP proxy before the server's unix socket. `breaks` is "" (never), "before" or "after" the next commit."""

    def __init__(self, target: Path) -> None:
        self.breaks = ""
        self.port = 0
        self._target = target

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._target)
        answers = asyncio.ensure_future(self._carry(there, writer))
        while data := await reader.read(CHUNK_BYTES):
            breaks = self.breaks if b"COMMIT\0" in data else ""
            if breaks == "after":
                answers.cancel()
                await asyncio.wait([answers])
                back.write(data)
                await there.read(1)
            if breaks:
                self.breaks = ""
                break
            back.write(data)
        answers.cancel()
        writer.close()
        back.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                sink.write(data)
        sink.close()


@asynccontextmanager
async def wire(target: Path) -> AsyncIterator[Wire]:
    made = Wire(target)
    server = await asyncio.start_server(made.join, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
