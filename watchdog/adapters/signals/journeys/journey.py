"""The signal `journey`: can a visitor go through these steps, one after the other?

`order: {journey: https://www.acme.example, steps: [{path: /, contains: "</html>"}, {path: /cart, status: 200}]}`

A journey is bad at its first step that fails, and says which one it is. Each reading is a visitor of its own: cookies
and values of the site are carried from step to step (session.py), and forgotten at the end.

Rule 1: one deadline for all steps; every exchange is a probe's: a connection of its own, judged addresses, limits.
Rule 2: what we do not dare to send, or cannot read, is `Unknown`: no evidence against the site.
Rule 3: not read faster under suspicion: its steps log in and write, and a site may lock an account out.
"""

from collections.abc import Sequence
from dataclasses import replace

import httpx

from watchdog.adapters.options import Context
from watchdog.adapters.redactor import Redactor
from watchdog.adapters.signals.expectations import Expectations
from watchdog.adapters.signals.journeys.course import Stopped, request_of, take
from watchdog.adapters.signals.journeys.session import Session
from watchdog.adapters.signals.journeys.steps import JourneyOptions, Step
from watchdog.adapters.signals.options import probe_policy
from watchdog.adapters.signals.pattern import beside
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe import wire_of
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.adapters.signals.probe_options.request import known_words
from watchdog.adapters.signals.redirects import REDIRECTS, follow, within
from watchdog.adapters.signals.source import Source
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown
from watchdog.domain.units import show_seconds
from watchdog.ports import Sample

KIND = "journey"
_GRACE_SECONDS = 1.0
"""Seconds for closing the connection after the deadline of the reading."""


class Journey(Source):
    """Goes through the steps once with each reading."""

    timed = True

    def __init__(self, name: str, options: JourneyOptions, context: Context, wire: ProbeTransport) -> None:
        super().__init__(name, KIND, every_seconds=options.every, timeout_seconds=options.timeout + _GRACE_SECONDS)
        self._options = options
        self._site = httpx.URL(options.journey)
        self._clock = context.clock
        self._secrets = context.secrets
        words = [word for step in options.steps for word in known_words(step, context.secrets)]
        self._redactor = Redactor([*words, *options.words_for_the_proxy(context.secrets)])
        self._steps = tuple((step, Expectations.of(step)) for step in options.steps)
        self._wire = wire
        self._turn = 0

    async def look(self) -> Sequence[Sample]:
        """Go through the steps once."""
        # Before the watch starts: the first import of the HTTP library would count as the site's time.
        self._turn += 1
        watch, session = Stopwatch(), Session(self._clock.now(), self._redactor)
        reading = await self._walked(session, watch)
        phases, page = watch.phases(), session.page
        status = page.status if page is not None else None
        latency_seconds = phases.total_seconds if isinstance(reading, Good) else None
        return (Sample(reading, latency_seconds=latency_seconds, phases=phases, status_code=status),)

    async def _walked(self, session: Session, watch: Stopwatch) -> Reading:
        """Return good where each step was as expected, else the reading of the step at which it ended."""
        left = self._options.timeout
        for number, (step, expected) in enumerate(self._steps, 1):
            try:
                left = await self._made(step, replace(expected, redactor=session.redactor), session, watch, left)
            except Stopped as stopped:
                refused = f" (a cookie was refused: {session.refused[0]})" if session.refused else ""
                why = f"step {number} of {len(self._steps)} ({step.shown}): {stopped.reading.why}{refused}"
                return replace(stopped.reading, why=why)
        return Good(f"{len(self._steps)} of {len(self._steps)} steps passed")

    async def _made(self, step: Step, expected: Expectations, session: Session, watch: Stopwatch, left: float) -> float:
        """Make a step, and return the seconds that are left for the others. Raises Stopped."""
        url, request = await beside(request_of, step, self._site, session, self._secrets)
        begin = watch.total_seconds
        asked = follow(
            self._wire,
            url,
            watch,
            max_body=expected.max_body,
            redirects=self._options.redirects,
            turn=self._turn,
            accept=frozenset(status for status in REDIRECTS if expected.accepts(status)),
            request=request,
            redactor=session.redactor,
            cookies=session,
        )
        came = await within(left, watch, asked)
        # Only the site's time counts: the thread for expressions may be busy with the pages of others.
        left = max(left - (watch.total_seconds - begin), 0.0)
        if isinstance(came, Failure):
            all_steps = (
                f", all steps have {show_seconds(self._options.timeout)}" if came.kind is FailureKind.TIMEOUT else ""
            )
            raise Stopped(Unknown(came.why) if came.ours else Bad(f"{came.why}{all_steps}", came.kind))
        session.page = came
        reading = await beside(expected.judge, came, 0.0)
        if not isinstance(reading, Good):
            raise Stopped(reading)
        await beside(take, step, session)
        return left


def build(name: str, options: JourneyOptions, context: Context, wire: ProbeTransport | None = None) -> Journey:
    """Return the source. `wire` replaces the trust store and the resolver in tests."""
    return Journey(name, options, context, wire or wire_of(options, context))


def policy_of(name: str, options: JourneyOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)
