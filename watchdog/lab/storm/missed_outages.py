"""Which outages were missed: critical, long enough without a disturbance, and neither paged in time nor really cured.

Paged: a page (it wakes) about that very service, which people had while it failed and before the time was up; or one of
the outage just before, which was never called off. Cured: our rollback went live, and with it the site worked.
A disturbance excuses only who had the service: the others take over. One channel that works is enough.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from watchdog.core.detect.baseline import FACTOR_MAX
from watchdog.domain.policy import Detection
from watchdog.lab.storm.channels import Arrived, Outage
from watchdog.lab.storm.environment import Disturbance
from watchdog.lab.storm.episodes import CRITICAL_SHARE, Episode, Episodes
from watchdog.lab.storm.remedies import Order, for_service
from watchdog.lab.storm.render import Render

TELLING_SECONDS = 90.0
"""From a confirmed failure to a page: a look that is late, auto-deploy switched off, a veto window, a channel."""
LONG_SECONDS = FACTOR_MAX * Detection().run_seconds + TELLING_SECONDS
"""A critical episode of such a length without a disturbance must have led to a page, or be over: the run timer's limit
at its longest (in a storm no restart is felt and no outage ends by itself, so that neither is waited for), and the way
from there to people.
"""
ANSWER_SECONDS = 45.0
"""How long the daemon may look for what came of a remedy: its deadline, the settle window, and a read."""
TAKEOVER_SECONDS = 15.0
"""How long the services of a dead worker may be without one; and the time that a new worker needs to see."""
TOGETHER_SECONDS = 720.0
"""An episode that follows another so soon is part of the same outage, as long as no notice said that it is over. An
intermittent failure is called off only after many good readings (core/detect/probes.py): people have it until then.
"""
UNSEEN_SECONDS = 20.0
"""A site that fails for so long, undisturbed, cannot be proved to work."""

Span = tuple[float, float]
Held = Callable[[str, str, float, float], bool]
"""Returns whether a worker (or a host's) held a service between two moments."""


@dataclass(slots=True)
class Missed:
    """How many episodes could be judged, and which of them were missed."""

    judged: int = 0
    found: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Books:
    """The world's records, for the judge. `stopped` and `proved`: by service, with the moment (virtual seconds)."""

    episodes: Episodes
    render: Render
    arrived: Sequence[Arrived]
    stopped: Sequence[tuple[str, float]]
    proved: Sequence[tuple[str, float]]
    disturbed: Sequence[Disturbance]
    outages: Sequence[Outage]
    channels: Sequence[str]
    held: Held
    remedies: Sequence[Order] = ()


def judge(books: Books) -> Missed:
    """Judge every critical episode that was seen for long enough, and every recovery that was said to be proved."""
    verdict = Missed()
    for one in books.episodes.all:
        # The policy pages for critical outages; a lesser one may be left to a notice.
        if one.share < CRITICAL_SHARE:
            continue
        late = _time_is_up(one, _excuses(books, one.service))
        if late is None:
            continue
        verdict.judged += 1
        if not _told(books, one, late):
            lasted = (one.ended if one.ended is not None else late) - one.began
            verdict.found.append(
                f"{one.service}, episode {one.number}: failed for {lasted:.0f} s, nobody was told by {late:.0f} s"
            )
    false = [(service, at) for service, at in books.proved if _false(books, service, at)]
    verdict.found += [f"{service}: said to be proved at {at:.0f} s, and it fails" for service, at in false]
    return verdict


def _time_is_up(one: Episode, excuses: Sequence[Span]) -> float | None:
    """Return when the episode had lasted too long without a disturbance, or None if it never did."""
    end = one.ended if one.ended is not None else float("inf")
    since = one.began
    for start, stop in sorted(excuses):
        # The clear time before this excuse was long enough, so the later excuses change nothing.
        if start - since >= LONG_SECONDS:
            break
        # Excuses overlap: a short one inside a long one must not set the begin back.
        since = max(since, stop)
    late = since + LONG_SECONDS
    return late if late <= end else None


def _told(books: Books, one: Episode, late: float) -> bool:
    # A person who said stop has the outage in hand, even if the command came to nothing.
    if any(name == one.service and outage_began(books, one) <= at <= late for name, at in books.stopped):
        return True
    pages = [item for item in books.arrived if item.notice.wakes and item.notice.service == one.service]
    if any(one.began <= item.at <= late for item in pages):
        return True
    return any(_still_stands(books, item, one, late) for item in pages if item.at < one.began)


def _still_stands(books: Books, page: Arrived, one: Episode, late: float) -> bool:
    """Return whether a page of the outage just before was never called off: people have this one in hand, too."""
    called_off = any(
        item.notice.incident == page.notice.incident and item.notice.resolves and page.at <= item.at <= late
        for item in books.arrived
    )
    return not called_off and page.at >= outage_began(books, one)


def outage_began(books: Books, one: Episode) -> float:
    """Return when the outage began that this episode is part of: others may have come just before, one by one."""
    began = one.began
    for other in reversed([other for other in books.episodes.all if other.service == one.service]):
        if other.number < one.number and other.ended is not None and began - other.ended <= TOGETHER_SECONDS:
            began = other.began
    return began


def _excuses(books: Books, service: str) -> list[Span]:
    """Return the times (virtual seconds) in which no worker could see this service, or page about it."""
    stops = [one for one in books.disturbed if not one.blind]
    spans = [_span(one) for one in books.disturbed if _had_it(books, one, service)]
    spans += [
        # Both hosts were stopped at once, so there was no worker left to take over.
        (max(one.start, other.start), min(one.stop, other.stop) + TAKEOVER_SECONDS)
        for one, other in combinations(stops, 2)
        if one.who[:1] != other.who[:1] and max(one.start, other.start) < min(one.stop, other.stop)
    ]
    return [*spans, *_nobody_reached(books), *_under_way(books, service)]


def _span(one: Disturbance) -> Span:
    if one.blind:
        return one.start, one.stop + TAKEOVER_SECONDS
    # A stopped worker excuses only until the other host has taken over; a blind one keeps its leases all the time.
    return one.start, min(one.stop, one.start + TAKEOVER_SECONDS) + TAKEOVER_SECONDS


def _had_it(books: Books, one: Disturbance, service: str) -> bool:
    # A blind worker may take a service over while it is blind; a stopped one had it at the begin, or never.
    return not one.who or books.held(service, one.who, one.start, one.stop if one.blind else one.start)


def _nobody_reached(books: Books) -> Iterable[Span]:
    """Return when every channel was down, and a little: the next attempt may be some time off."""
    first, *others = books.channels
    spans = [(one.start, one.stop) for one in books.outages if one.channel == first]
    for channel in others:
        down = [(one.start, one.stop) for one in books.outages if one.channel == channel]
        # One channel that works is enough to reach people: only the overlap of all outages excuses.
        spans = [(max(a, c), min(b, d)) for a, b in spans for c, d in down if max(a, c) < min(b, d)]
    return spans


def _under_way(books: Books, service: str) -> Iterable[Span]:
    """Return when a rollback was on its way to be live, ours or a human's, who has it then, or a remedy was tried:
    waiting is right.
    """
    for one in books.render.accepted:
        if one.service == service:
            made = next(item for item in books.render.services[service].releases if item.deploy.id == one.made)
            yield one.sent_at, made.ended_at if made.ended_at is not None else one.landed_at
    for order in for_service(books.remedies, service):
        landed_at = order.landed_at if order.landed_at is not None else order.sent_at
        yield order.sent_at, max(landed_at, order.sent_at + ANSWER_SECONDS) + order.of.remedy.prove_seconds
    for release in books.render.services[service].releases:
        if release.by == "human" and release.deploy.is_rollback and release.ended_at is not None:
            yield release.began_at, release.ended_at


def _false(books: Books, service: str, at: float) -> bool:
    """Return whether a site had failed for some time, undisturbed, when its recovery was called verified."""
    one = books.episodes.latest(service, at)
    if one is None or one.share < CRITICAL_SHARE or (one.ended is not None and one.ended <= at):
        return False
    # The worker could not see a failure that began while it was excused: the clock starts where it could.
    since = max([one.began, *(stop for start, stop in _excuses(books, service) if start <= at)])
    return at - since > UNSEEN_SECONDS
