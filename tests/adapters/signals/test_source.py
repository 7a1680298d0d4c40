"""The shell of every source: bounded, and silent about other people's texts."""

import asyncio
from collections.abc import Sequence

import pytest

from watchdog.adapters.signals.source import Source
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.readings import Unknown
from watchdog.ports import Sample


class Breaking(Source):
    """Raises, or waits, in place of a read."""

    def __init__(self, error: BaseException | None) -> None:
        super().__init__("it", "breaking", every_seconds=10, timeout_seconds=0.05)
        self.error = error

    async def look(self) -> Sequence[Sample]:
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()
        return ()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Temporary("größe 503\x1b[31m\r\nnow\u202eevil\u2028line"), "größe 503 [31m now evil line"),
        (Temporary("x" * 300), "x" * 199 + "…"),
        (Permanent("Sentry refused our key (401)"), "Sentry refused our key (401)"),
        (None, "breaking did not answer in 0.1 s"),
    ],
)
async def test_what_goes_wrong_with_the_ruler_is_unknown(error: BaseException | None, why: str) -> None:
    (sample,) = await Breaking(error).read()
    assert sample.reading == Unknown(why)


@pytest.mark.parametrize("error", [KeyError("canary-secret"), TimeoutError("canary-secret"), OSError("canary-secret")])
async def test_our_own_fault_names_its_place_and_no_text(error: Exception) -> None:
    """The text of an exception may hold a secret."""
    (sample,) = await Breaking(error).read()
    assert isinstance(sample.reading, Unknown)
    assert f"internal error in breaking: {type(error).__name__} at test_source.py:" in sample.reading.why
    assert "canary" not in sample.reading.why


async def test_cancellation_passes_through() -> None:
    """A daemon that ends must not get a reading instead."""
    with pytest.raises(asyncio.CancelledError):
        await Breaking(asyncio.CancelledError()).read()
