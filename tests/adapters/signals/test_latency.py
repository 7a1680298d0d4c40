"""The signal `latency`: right answers have a time, wrong ones do not."""

from tests.adapters.signals.sites import answering, probe_latency, site
from watchdog.domain.readings import Bad, FailureKind, Good


async def test_right_answers_carry_their_time_however_long_and_errors_none() -> None:
    """The percentiles over the window are the core's."""
    async with site(answering()) as base:
        sample = await probe_latency(base, p95="800ms")
    assert sample.reading == Good("HTTP 200") and sample.latency_seconds is not None and sample.phases is not None
    assert sample.latency_seconds == sample.phases.total_seconds
    async with site(answering(status="500 Oops")) as base:
        sample = await probe_latency(base, p95="800ms")
    assert sample.reading == Bad("HTTP 500", FailureKind.STATUS)
    assert sample.latency_seconds is None and sample.phases is not None
    async with site(answering()) as base:
        sample = await probe_latency(base, p50="0.001ms", p95="0.001ms")
    assert sample.reading == Good("HTTP 200")
