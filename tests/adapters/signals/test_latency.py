"""The signal `latency`: right answers have a time, wrong ones do not."""

from tests.adapters.signals.sites import answering, probe_latency, site
from watchdog.domain.readings import Bad, FailureKind, Good


async def test_a_right_answer_carries_its_time() -> None:
    """The percentiles over the window are the core's."""
    async with site(answering()) as base:
        sample = await probe_latency(base, p95="800ms")
    assert sample.reading == Good("HTTP 200")
    assert sample.latency_seconds is not None and sample.phases is not None
    assert sample.latency_seconds == sample.phases.total_seconds


async def test_a_fast_error_does_not_make_the_route_look_fast() -> None:
    """It is bad as with `http`, and stays out of the percentiles; its phases are kept for the eye."""
    async with site(answering(status="500 Oops")) as base:
        sample = await probe_latency(base, p95="800ms")
    assert sample.reading == Bad("HTTP 500", FailureKind.STATUS)
    assert sample.latency_seconds is None and sample.phases is not None


async def test_a_slow_answer_is_good_here() -> None:
    """One slow answer is nothing; a limit far below any real time proves that it is not judged here."""
    async with site(answering()) as base:
        sample = await probe_latency(base, p50="0.001ms", p95="0.001ms")
    assert sample.reading == Good("HTTP 200")
