"""The terminal, or the program that reads our standard error."""

import sys
from typing import TextIO

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.options import Context
from watchdog.domain.errors import Temporary
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier


class ConsoleOptions(ChannelOptions):
    """Nothing to choose."""


class Console:
    """Writes each notice to a stream; to standard error (as it is at that moment) when none is given."""

    name = "console"

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Write the notice. Raises Temporary when the stream is closed or broken."""
        self._write(text.render(notice) + "\n")
        return None

    async def check(self) -> str:
        """Prove without a text that the stream is open. Raises Temporary if it is not."""
        self._write("")
        return "the stream is open"

    async def close(self) -> None:
        """Leave the stream to its owner."""

    def _write(self, words: str) -> None:
        # Looked up for each notice: the daemon, or a test, may replace standard error after this object is built.
        stream = self._stream or sys.stderr
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            # A terminal in ASCII must still show a page; characters it lacks become question marks.
            stream.write(words.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            raise Temporary(f"the console cannot be written to ({type(error).__name__})") from None


def secrets(options: ConsoleOptions) -> tuple[str, ...]:
    """Return the variables that must be set: none."""
    return ()


def build(options: ConsoleOptions, context: Context) -> Notifier:
    """Build the channel."""
    return Console()
