"""The signal `http`, as it is written in a configuration."""

from tests.adapters.signals.sites import answering, probe, site
from watchdog.domain.readings import Bad, FailureKind, Good

HEALTH = b'{"status": "down", "checks": [{"db": false}]}'


async def test_a_health_route_is_judged_by_content_time_and_headers() -> None:
    """200 and "down" is down."""
    kind = {"Content-Type": "application/json"}
    async with site(answering(HEALTH, headers=kind)) as base:
        bad = await probe(base, json={"$.status": "ok"})
        good = await probe(base, json={"$.status": "down", "$.checks[0].db": False}, header=kind)
    assert bad.reading == Bad('$.status is "down", expected "ok"', FailureKind.BODY)
    assert good.reading == Good("HTTP 200")
    async with site(answering()) as base:
        sample = await probe(base, max_latency="0.001ms")
    assert isinstance(sample.reading, Bad) and sample.reading.kind is FailureKind.SLOW
    assert sample.latency_seconds is not None
