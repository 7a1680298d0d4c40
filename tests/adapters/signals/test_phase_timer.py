"""The parts of a probe."""

from watchdog.adapters.signals.phase_timer import DNS, Stopwatch


async def test_the_parts_of_a_probe_are_timed_and_what_was_not_reached_is_none() -> None:
    watch = Stopwatch()
    await watch.trace("connection.connect_tcp.started", {})
    assert watch.phases().connect_seconds is None
    await watch.trace("connection.connect_tcp.complete", {})
    first = watch.phases().connect_seconds
    watch.enter(DNS)
    await watch.trace("connection.connect_tcp.started", {})
    await watch.trace("connection.connect_tcp.complete", {})
    second = watch.phases().connect_seconds
    assert first is not None and second is not None and second > first
    assert watch.phases().tls_seconds is None and watch.phases().first_byte_seconds is None
    watch = Stopwatch()
    for event in ("send_request_headers.started", "send_request_headers.complete", "receive_response_headers.started"):
        await watch.trace(f"http11.{event}", {})
    assert watch.phases().first_byte_seconds is None
    await watch.trace("http11.receive_response_headers.complete", {})
    assert watch.phases().first_byte_seconds is not None
