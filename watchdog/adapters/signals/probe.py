"""The engine of every signal that probes: one request, one total deadline, one sample."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import httpx

from watchdog.adapters.options import Context
from watchdog.adapters.read_budget import retry_after_seconds
from watchdog.adapters.redactor import Redactor
from watchdog.adapters.signals.expectations import Expectations
from watchdog.adapters.signals.options import ProbeOptions
from watchdog.adapters.signals.pattern import beside
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import Answer, ProbeTransport
from watchdog.adapters.signals.probe_options.proxy import Proxy
from watchdog.adapters.signals.probe_options.request import ProbeRequest, known_words
from watchdog.adapters.signals.probe_options.way import WayOptions
from watchdog.adapters.signals.redirects import REDIRECTS, follow, within
from watchdog.adapters.signals.served_version import named_version
from watchdog.adapters.signals.source import Source, unknown
from watchdog.domain.certificates import Certificate
from watchdog.domain.readings import Bad, Good, Reading, Unknown, Unread
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Sample

_NO_SECRETS: Mapping[str, str] = MappingProxyType({})
WAIT_SECONDS_MAX = 30.0
"""The longest wait for a site that limits our probes: nothing is known of it meanwhile."""
_GRACE_SECONDS = 1.0
"""Seconds for closing the connection after the probe's own deadline."""


def wire_of(options: WayOptions, context: Context) -> ProbeTransport:
    """Return what makes the exchanges."""
    own_context = options.tls.context if options.tls is not None else None
    proxy = Proxy.of(options.proxy, context.secrets) if options.proxy is not None else None
    return ProbeTransport(guard=context.guard, own_context=own_context, ip=options.ip, proxy=proxy)


class Probe(Source):
    """Probes a URL; consecutive probes take turns among the addresses of its name.

    A certificate near its end is mentioned, and never makes a reading bad: no rollback renews a certificate.
    """

    adaptive = timed = True

    def __init__(
        self,
        name: str,
        kind: str,
        url: str,
        options: ProbeOptions,
        clock: Clock,
        *,
        max_latency_seconds: float | None = None,
        wire: ProbeTransport | None = None,
        secrets: Mapping[str, str] = _NO_SECRETS,
    ) -> None:
        super().__init__(name, kind, every_seconds=options.every, timeout_seconds=options.timeout + _GRACE_SECONDS)
        self.url = httpx.URL(url)
        self._certificate_seconds = options.certificate
        self._deadline_seconds = options.timeout
        self._redirects = options.redirects
        self._request = ProbeRequest.of(options, secrets)
        self._redactor = Redactor([*known_words(options, secrets), *options.words_for_the_proxy(secrets)])
        self._expected = Expectations.of(options, max_latency_seconds, self._redactor)
        # A redirect that the user expects as the answer is not followed.
        self._accept = frozenset(status for status in REDIRECTS if self._expected.accepts(status))
        self._version = options.version
        self._clock = clock
        self._wire = wire or ProbeTransport()
        self._turn = 0
        self._waits_until = 0.0

    async def look(self) -> Sequence[Sample]:
        """Probe once and return one sample. Nothing is sent to a site that has just asked us to wait (HTTP 429)."""
        if (left := self._waits_until - self._clock.monotonic()) > 0:
            why = f"the site limits our probes: it asked us to wait, {show_seconds(left)} more"
            return unknown(why, Unread.TURNED_AWAY)
        self._turn += 1
        watch = Stopwatch()
        came = await within(self._deadline_seconds, watch, self._fetch(watch))
        return (await self._sample(came, watch),)

    async def _fetch(self, watch: Stopwatch) -> Answer | Failure:
        return await follow(
            self._wire,
            self.url,
            watch,
            max_body=self._expected.max_body,
            redirects=self._redirects,
            turn=self._turn,
            accept=self._accept,
            request=self._request,
            redactor=self._redactor,
        )

    async def _sample(self, came: Answer | Failure, watch: Stopwatch) -> Sample:
        phases = watch.phases()
        if isinstance(came, Failure):
            return Sample(Unknown(came.why) if came.ours else Bad(came.why, came.kind), phases=phases)
        total_seconds = phases.total_seconds or 0.0
        reading = await self._judge(came, total_seconds)
        # A 503 is evidence: a site in trouble must not decide how closely it is watched.
        if came.status == 429 and isinstance(reading, Unknown):
            asked = min(retry_after_seconds(came.headers, self._clock.now()), WAIT_SECONDS_MAX)
            self._waits_until = self._clock.monotonic() + asked
        certificate = came.certificate
        if certificate is not None:
            certificate = replace(certificate, wanted_seconds=self._certificate_seconds)
        return Sample(
            self._with_certificate(reading, certificate),
            latency_seconds=total_seconds,
            phases=phases,
            status_code=came.status,
            certificate=certificate,
            version=self._named_version(came),
        )

    def _named_version(self, answer: Answer) -> str:
        version = named_version(answer, self._version) if self._version is not None else ""
        # A word that was sent is no version: a site that sends it back would have it stored with each reading.
        return "" if self._redactor(version) != version else version

    async def _judge(self, answer: Answer, total_seconds: float) -> Reading:
        """Judge the answer. A regular expression waits for the one thread for expressions."""
        if not self._expected.has_expressions:
            return self._expected.judge(answer, total_seconds)
        # A wrong status or header is reported without waiting for that thread, which other slow pages may keep busy.
        head = self._expected.judge_head(answer)
        return head if head is not None else await beside(self._expected.judge, answer, total_seconds)

    def _with_certificate(self, reading: Reading, certificate: Certificate | None) -> Reading:
        if certificate is None or not isinstance(reading, Good):
            return reading
        left, limit = certificate.ends_at - self._clock.now(), certificate.first_limit
        if left > limit:
            return reading
        ends = f"the certificate ends in {show_seconds(max(left, 0.0))} (limit {show_seconds(limit)})"
        return Good(f"{reading.detail}; {ends}")
