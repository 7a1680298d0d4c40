"""Reports certificates to the core: one that ends soon, and the one that is served in its place.

Theory. A name may have several addresses, and probes take turns among them: after a renewal some may show the old
certificate for a while. So the one that ends first, of those seen lately, is the certificate of a host; and it is
replaced only once it was not seen for that time, also where that time began with this process.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from cachetools import LRUCache

from watchdog.core.updates.certificate_notices import is_news, reported
from watchdog.domain.certificates import Certificate
from watchdog.domain.events import CertificateSeen
from watchdog.domain.incidents import ServiceState, State
from watchdog.ports import Clock, Sample, SignalSource

LATELY_SECONDS, LATELY_READS = 600.0, 5
"""A certificate counts for so long after it was seen, and for so many reads of its signal."""
AGAIN_SECONDS = 3600.0
"""Pause before the core is asked again: a silence postpones the notice."""
HOSTS_MAX = 10_000


@dataclass(slots=True)
class _Host:
    """What was seen of a host: by signal and end, the certificate and until when it counts (monotonic seconds)."""

    settled_at: float  # from when on what was not seen is not served
    seen: dict[tuple[str, float], tuple[Certificate, float]] = field(default_factory=dict)
    ask_at: float = float("-inf")


class CertificateWatch:
    """Listens to samples. `state` returns the present state, `report` submits an event, `spawn` runs it beside."""

    def __init__(
        self,
        clock: Clock,
        state: Callable[[], State],
        report: Callable[[CertificateSeen], Coroutine[Any, Any, None]],
        spawn: Callable[[str, Coroutine[Any, Any, None]], object],
    ) -> None:
        self._clock = clock
        self._state = state
        self._report = report
        self._spawn = spawn
        self._hosts: LRUCache[tuple[str, str], _Host] = LRUCache(HOSTS_MAX)

    def sampled(self, service: str, source: SignalSource, sample: Sample, at: float) -> None:
        """Note the certificate of a sample; report what is news to the core."""
        certificate, known = sample.certificate, self._state().services.get(service)
        if certificate is None or known is None:
            return
        now, lately = self._clock.monotonic(), max(LATELY_SECONDS, LATELY_READS * source.every_seconds)
        host = self._hosts.setdefault((service, certificate.host), _Host(now + lately))
        host.seen[source.name, certificate.ends_at] = (certificate, now + lately)
        host.seen = {key: one for key, one in host.seen.items() if one[1] > now}
        event = CertificateSeen(at, service, _first_to_end([one for one, _ in host.seen.values()]))
        if not is_news(known, event):
            host.ask_at = now
        elif now >= host.ask_at and (now >= host.settled_at or not _replaces(known, event)):
            host.ask_at = now + AGAIN_SECONDS
            self._spawn("certificate", self._report(event))


def _first_to_end(seen: list[Certificate]) -> Certificate:
    """Return the certificate that ends first, with the longest notice that a signal of its host wants."""
    first = min(seen, key=lambda one: one.ends_at)
    return replace(first, wanted_seconds=max(one.wanted_seconds for one in seen))


def _replaces(service: ServiceState, event: CertificateSeen) -> bool:
    known = reported(service, event.certificate.host)
    return known is not None and known.ends_at != event.certificate.ends_at
