"""The time of each phase of a probe, and the phase it is in, so that a timeout names its place."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from watchdog.domain.readings import Phases

DNS, CONNECT, TLS, FIRST_BYTE, BODY = "dns", "connect", "tls", "first byte", "body"

_STEPS = {
    "connection.connect_tcp": CONNECT,
    "connection.start_tls": TLS,
    "proxy.start_tls": TLS,
    "http11.send_request_headers": FIRST_BYTE,
    "http11.receive_response_headers": FIRST_BYTE,
    "http11.receive_response_body": BODY,
}


class Stopwatch:
    """A watch that starts when it is made; several hops of one probe add up."""

    def __init__(self) -> None:
        self._begin = perf_counter()
        self._since = self._begin
        self._spent: dict[str, float] = {}
        self.step = DNS
        self.status = 0  # of the newest answer, also of a proxy's
        self._through_proxy = False

    def enter(self, step: str) -> None:
        """Start a phase."""
        # httpcore reports sending and receiving of headers one after the other:
        # both are one phase, whose clock must go on.
        if step != self.step:
            self.step = step
            self._since = perf_counter()

    def leave(self, step: str) -> None:
        """End a phase, and add its time."""
        now = perf_counter()
        self._spent[step] = self._spent.get(step, 0.0) + now - self._since
        self._since = now

    @property
    def is_at_the_proxy(self) -> bool:
        """Return whether the site was not asked yet: the connection to the proxy, or its tunnel, does not stand."""
        return self._through_proxy and (self.step in (DNS, CONNECT) or self.status == 0)

    def goes_through_a_proxy(self) -> None:
        """Note that a proxy is asked next for a tunnel."""
        self._through_proxy, self.status = True, 0

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take the trace events of httpcore (its extension `trace`)."""
        name, _, what = event.rpartition(".")
        if event == "http11.receive_response_headers.complete":
            self.status = info["return_value"][1]
        step = _STEPS.get(name)
        if step is None:
            return
        if what == "started":
            self.enter(step)
        # Sending the request is part of the wait for the first byte, which ends with the headers of the response.
        elif what == "complete" and name != "http11.send_request_headers":
            self.leave(step)

    @property
    def total_seconds(self) -> float:
        """Return seconds since the start."""
        return perf_counter() - self._begin

    def phases(self) -> Phases:
        """Return the phases measured so far."""
        return Phases(
            dns_seconds=self._spent.get(DNS),
            connect_seconds=self._spent.get(CONNECT),
            tls_seconds=self._spent.get(TLS),
            first_byte_seconds=self._spent.get(FIRST_BYTE),
            total_seconds=self.total_seconds,
        )
