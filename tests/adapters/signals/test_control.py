"""Control targets test only that we can see."""

import pytest

from tests.adapters.signals.sites import answering, flood, hang, redirect, server_tls, site
from watchdog.adapters.resolver import Resolver
from watchdog.adapters.signals.control import DEFAULT_CONTROL, ControlTarget
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (answering(), 200),
        (answering(status="500 Oops"), 500),
        (answering(status="429 Too Many"), 429),
        (redirect("https://elsewhere.example"), 302),
        (flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), 200),
    ],
)
async def test_any_answer_at_all_is_good(script: object, status: int) -> None:
    """It crossed the network; how that site feels is not our concern."""
    async with site(script) as base:  # type: ignore[arg-type]
        (sample,) = await ControlTarget(base).read()
    assert sample.reading == Good(f"HTTP {status}") and sample.status_code == status


async def test_no_answer_is_bad_and_named_and_our_own_limits_are_no_sign_of_blindness() -> None:
    """A control target that we could not even ask says nothing."""
    async with site(answering()) as base:
        target = ControlTarget(base)
    (sample,) = await target.read()
    assert sample.reading == Bad("connection refused", FailureKind.CONNECT)
    async with site(answering(), server_tls()) as base:
        (sample,) = await ControlTarget(base).read()
    assert isinstance(sample.reading, Bad) and sample.reading.kind is FailureKind.TLS
    async with site(hang) as base:
        (sample,) = await ControlTarget(base, deadline_seconds=0.2).read()
    assert sample.reading == Bad("timed out after 0.2 s (first byte)", FailureKind.TIMEOUT)
    wire = ProbeTransport(resolver=Resolver(lookups_max=0))
    (sample,) = await ControlTarget("http://control.example", wire=wire).read()
    assert isinstance(sample.reading, Unknown)


async def test_it_is_named_by_its_url_as_the_policy_names_it() -> None:
    targets = [ControlTarget(url) for url in DEFAULT_CONTROL]
    assert tuple(target.name for target in targets) == DEFAULT_CONTROL
    assert len({target.url.host for target in targets}) == 2
    assert all(target.adaptive and target.kind == "control" for target in targets)
    with pytest.raises(ValueError, match="write https://host/path"):
        ControlTarget("example.com")
