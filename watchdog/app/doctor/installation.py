"""A live installation as one moment shows it, and the findings about it. Pure.

What lies outside of it (Render, signals, channels, clock) is tried by settings/check; here is what the daemon left in
its store, and the machine that the store lies on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from watchdog.adapters.stores.retention import KEPT_SECONDS
from watchdog.app.commands.seen_daemon import SeenDaemon
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.incidents import State
from watchdog.domain.store_records import StoreSurvey
from watchdog.domain.units import DAY_SECONDS, show_bytes, show_seconds
from watchdog.presentation.status_text import STALE_SECONDS, stopped_lines
from watchdog.presentation.text import many
from watchdog.settings.check.check_result import CheckOutcome, CheckResult

OK, UNTRIED, WARN, FAIL = CheckOutcome.OK, CheckOutcome.UNTRIED, CheckOutcome.WARN, CheckOutcome.FAIL
WAITS_SECONDS = 1800.0
"""An action ends, and a notice is delivered or given up, sooner: a rollback is followed for 25 minutes."""
FREE_BYTES_MIN = 64 * 1024 * 1024
"""Below that a checkpoint or a backup of the store may fail."""
ROOM_DAYS = 30
"""For so long the free disk should be enough, at the rate at which the store grew so far."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The store and its daemon, at one moment."""

    at: float  # UTC epoch seconds
    version: str  # of this command
    daemon: SeenDaemon  # whether one runs, and with which configuration
    versions: frozenset[str]  # of the workers that run
    state: State  # as it was saved last
    survey: StoreSurvey  # what the store says about itself
    channels: Sequence[str]  # names of the configured ones
    heartbeats: Sequence[str]  # variables of the dead-man's switches that are set
    heartbeat_variables: Sequence[str]  # those that could be
    free_bytes: int | None  # on the store's disk; None: it is no file of this machine


def findings(seen: Installation) -> Iterator[CheckResult]:
    """Yield one finding for each part of the installation, in the order of what to mend first."""
    yield _daemon(seen)
    yield _readings(seen)
    for line in stopped_lines(seen.state):
        yield CheckResult("actions", WARN, line, command_line("resume"))
    for line in seen.daemon.differences:
        yield CheckResult("configuration", WARN, line)
    yield _versions(seen)
    yield from _workers(seen.survey.workers)
    yield from _integrations(seen)
    yield _waiting(seen)
    yield _store(seen)
    if seen.free_bytes is not None:
        yield _disk(seen, seen.free_bytes)
    yield _heartbeat(seen)
    for name in seen.channels:
        yield _channel(seen, name)


def _daemon(seen: Installation) -> CheckResult:
    if seen.daemon.runs:
        return CheckResult("daemon", OK, "runs")
    return CheckResult(
        "daemon",
        FAIL,
        "none runs on this store: nothing is watched, rolled back or paged",
        f"{command_line('run')}; if it runs on another machine, examine it there",
    )


def _readings(seen: Installation) -> CheckResult:
    newest = max((one.last_reading_at(0.0) for one in seen.state.services.values()), default=0.0)
    if not newest:
        return CheckResult("readings", UNTRIED, "none is recorded yet", "a minute after its start there are some")
    age = f"the newest is {show_seconds(max(0.0, seen.at - newest))} old"
    if seen.at - newest > STALE_SECONDS:
        fix = "look at the daemon's log: it stores none" if seen.daemon.runs else command_line("run")
        return CheckResult("readings", FAIL, age, fix)
    return CheckResult("readings", OK, age)


def _versions(seen: Installation) -> CheckResult:
    found, here = ", ".join(sorted(seen.versions)), seen.version
    if len(seen.versions) > 1:
        fix = "let the deploy of the watchdog end; if there is none, restart the older workers"
        return CheckResult("version", WARN, f"the workers run {found}", fix)
    if seen.versions and here not in seen.versions:
        fix = "use the command line of the daemon's version, or restart the daemon"
        return CheckResult("version", WARN, f"the daemon runs {found}, this command is {here}", fix)
    return CheckResult("version", OK, here if seen.versions else f"{here} (the daemon's is not recorded)")


def _workers(living: Mapping[str, str]) -> Iterator[CheckResult]:
    """Yield a finding for each ailing worker, else one for all; nothing for a store that a single one uses."""
    ailing = {name: why for name, why in living.items() if why}
    for name, why in ailing.items():
        yield CheckResult(f"worker {name}", FAIL, why, "look at its log; another worker has its services meanwhile")
    if living and not ailing:
        alone = "; if it dies, its services are unwatched until it is back" if len(living) == 1 else ""
        yield CheckResult("workers", OK, f"{many(len(living), 'worker')}, healthy{alone}")


def _integrations(seen: Installation) -> Iterator[CheckResult]:
    for key, failing in seen.state.failing.items():
        one = failing.integration(key)
        since = show_seconds(max(0.0, seen.at - failing.at))
        yield CheckResult(one.title, FAIL, f"{one.standing.value} for {since}: {one.why}; {one.consequence}", one.cure)


def _waiting(seen: Installation) -> CheckResult:
    since = seen.survey.waiting_since
    if not since:
        return CheckResult("outbox", OK, "no action and no notice waits")
    oldest = seen.at - since[0]
    what = f"{many(len(since), 'action or notice')} not finished, the oldest for {show_seconds(max(0.0, oldest))}"
    if oldest < WAITS_SECONDS:
        return CheckResult("outbox", OK, what)
    return CheckResult("outbox", WARN, what, f"{command_line('status')} names the incident or the channel")


def _a_day(seen: Installation) -> float | None:
    """Return by how many bytes the store grew in a day, on average since its oldest event; None before a day."""
    size, oldest = seen.survey.size_bytes, seen.survey.oldest_at
    if size is None or oldest is None or seen.at - oldest < DAY_SECONDS:
        return None
    return size * DAY_SECONDS / (seen.at - oldest)


def _store(seen: Installation) -> CheckResult:
    size, oldest, a_day = seen.survey.size_bytes, seen.survey.oldest_at, _a_day(seen)
    if size is None:
        return CheckResult("store", WARN, "in memory: a restart forgets everything", "write store: sqlite:///FILE")
    age = "" if oldest is None else f", its oldest event {show_seconds(max(0.0, seen.at - oldest))} old"
    growth = "" if a_day is None else f", {show_bytes(a_day)} a day"
    kept = f"; events are kept for {KEPT_SECONDS / DAY_SECONDS:.0f} days"
    return CheckResult("store", OK, f"{show_bytes(size)}{age}{growth}{kept}")


def _disk(seen: Installation, free: int) -> CheckResult:
    needed = ROOM_DAYS * (_a_day(seen) or 0.0)
    what, fix = f"{show_bytes(free)} free beside the store", "make room there, or give the daemon a larger disk"
    if free < FREE_BYTES_MIN:
        return CheckResult("disk", FAIL, what, fix)
    if free < needed:
        return CheckResult("disk", WARN, f"{what}: less than the {show_bytes(needed)} of {ROOM_DAYS} days", fix)
    return CheckResult("disk", OK, what)


def _heartbeat(seen: Installation) -> CheckResult:
    if seen.heartbeats:
        return CheckResult("dead man's switch", OK, f"{' and '.join(seen.heartbeats)} is set")
    fix = f"set {' or '.join(seen.heartbeat_variables)}"
    return CheckResult("dead man's switch", WARN, "none: a dead watchdog goes unnoticed", fix)


def _channel(seen: Installation, name: str) -> CheckResult:
    at = seen.survey.arrived_at.get(name)
    what = f"channel {name}, last message"
    if at is None:
        return CheckResult(what, UNTRIED, "none of an incident yet", command_line("notify test"))
    return CheckResult(what, OK, f"arrived {show_seconds(max(0.0, seen.at - at))} ago")
