"""`watchdog demo`: the real daemon against a simulated cloud in a process of its own, over real HTTP.

Rule: results are counted from the sandbox's own log; the expected ones stand here, not in the sandbox.
"""

import contextlib
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

import httpx

from watchdog.app.compose.composition import App, build, resolve
from watchdog.app.compose.daemon_run import finish, report_errors, start
from watchdog.app.sandbox_demo import demo_console, sandbox_process
from watchdog.app.sandbox_demo.announcer import Announcer
from watchdog.core.detect.latency import HOLD_FACTOR_NEW
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.daemon.telemetry import logs
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.effects import Note
from watchdog.domain.errors import Permanent
from watchdog.domain.incidents import Incident, Phase
from watchdog.domain.policy import Detection
from watchdog.domain.readings import Bad, Good, Reading
from watchdog.domain.reports import DemoConsole, DemoResult
from watchdog.ports import Clock, Sample, SignalSource
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.scenarios.scenario_table import P95, SCENARIOS
from watchdog.settings.load.load import load

LIMIT_SECONDS, FULL_LIMIT_SECONDS = 150.0, 900.0
QUIET_SECONDS = 12.0
"""How long a run continues after its last expected event, to check that no other action follows."""
ANNOUNCE_SECONDS = 1.0
REQUEST_TARGET_SECONDS = 75.0
RESTORED_TARGET_SECONDS = 300.0


class Screen(Protocol):
    """The display of a run."""

    def begin(self, scenario: str, shortened: Sequence[str], at: float, console: DemoConsole | None = None) -> None:
        """Show the header, and how to open the console, if there is one."""

    def signal(self, service: str, signal: str, reading: Reading, latency_seconds: float | None, at: float) -> None:
        """Take one reading."""

    def note(self, note: Note) -> None:
        """Take one line of the story."""

    def world(self, at: float, label: str, text: str) -> None:
        """Take one event of the simulated cloud."""

    def result(self, result: DemoResult) -> None:
        """Show the end of the scenario; what happens afterwards is shown line by line."""

    async def again(self) -> None:
        """Return once the person asks for the fault again."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The right answer to a scenario."""

    severity: str | None
    target: str | None
    rollbacks: int
    pages: int
    verified: bool


EXPECTED: Mapping[str, Expected] = {
    "bad-deploy": Expected("critical", "dep-40", 1, 1, True),
    "partial": Expected("critical", "dep-40", 1, 1, True),
    "broken-checkout": Expected("critical", "dep-40", 1, 1, True),
    "latency": Expected("high", None, 0, 1, False),
    "upstream-outage": Expected("critical", None, 0, 1, False),
    "blind": Expected(None, None, 0, 1, False),
    "no-help": Expected("critical", "dep-40", 1, 2, False),
    "same-commit": Expected("critical", "dep-40", 1, 1, True),
    "assist": Expected("critical", None, 0, 1, False),
    "observe": Expected("critical", None, 0, 1, False),
}


@dataclass(frozen=True, slots=True)
class Pacing:
    """The demo's shortened times, so that it ends within minutes."""

    verification: str = "30s"
    rollback_seconds: float = 8.0
    latency_hold: str = "30s"

    @property
    def yaml(self) -> str:
        """Return the lines of configuration that differ from the shipped defaults."""
        detection = f"  detection: {{latency_hold: {self.latency_hold}}}\n"
        return f"advanced:\n  verification: {{seconds: {self.verification}}}\n{detection}"

    @property
    def shortened(self) -> tuple[str, ...]:
        """Return the defaults not in force, in words."""
        return (
            f"verification 180 s -> {self.verification.removesuffix('s')} s",
            f"the sandbox's rollback takes {self.rollback_seconds:g} s",
        )


FULL = Pacing("3m", 60.0, "5m")
"""Shipped defaults, nothing shortened."""


async def demo(
    scenario: str,
    screen: Screen | None = None,
    *,
    pacing: Pacing | None = None,
    quirks: bool = False,
    console: bool = False,
) -> DemoResult:
    """Run a scenario and return its result; `quirks`: vendors answer in their older shapes, and with real oddities.

    `console`: serve the web console meanwhile, and go on until the task is cancelled; it needs a screen, which shows
    the address. Raises Permanent for an unknown scenario or a sandbox that died.
    """
    if scenario not in EXPECTED:
        raise Permanent(f"no scenario {scenario}; known: {', '.join(EXPECTED)}")
    pacing = pacing or Pacing()
    clock = SystemClock()
    # Never removed: the result names the command that explains the incident, from the store in this folder.
    folder = Path(tempfile.mkdtemp(prefix="watchdog-demo-"))
    # Log lines would tear the live screen.
    logs.configure(level="CRITICAL", stream=sys.stderr)
    options = ["--rollback-seconds", str(pacing.rollback_seconds), *(["--quirks"] if quirks else [])]
    options += ["--more-services", str(demo_console.MORE_SITES)] if console else []
    async with (
        sandbox_process.sandbox(*options) as urls,
        httpx.AsyncClient(trust_env=False) as admin,
        contextlib.AsyncExitStack() as stack,
    ):
        config = _write(folder, urls, scenario, pacing, console=console)
        app = await _build(config, clock, screen)
        address = await stack.enter_async_context(demo_console.opened(app)) if console else None
        await start(app)
        try:
            # The fault begins once the daemon watches: the measured delay starts at the onset.
            await admin.post(f"{urls['admin']}/scenario", json={"name": scenario})
            began_at = clock.now()
            if screen is not None:
                screen.begin(scenario, _deviating(SCENARIOS[scenario].p95, pacing), began_at, address)
                announcer = Announcer(screen.world)
                app.supervisor.start("announcer", lambda: _announce(announcer, admin, f"{urls['admin']}/log", clock))
            await _until_answered(app, EXPECTED[scenario], clock, pacing)
            story = (await admin.get(f"{urls['admin']}/log")).json()
            result = judge(scenario, story, await _last_incident(app), app, config)
            if console and screen is not None:
                # Once a person has taken part, the scenario's own answer is no longer the right one.
                took_part = bool(await app.store.asked(1))
                screen.result(dataclasses.replace(result, took_part=took_part))
                await _stay_open(screen, scenario, admin, urls)
        finally:
            await finish(app)
    if screen is not None:
        screen.result(result)
    return result


def _write(folder: Path, urls: Mapping[str, Any], scenario: str, pacing: Pacing, *, console: bool) -> Path:
    """Write the configuration of the run into its folder, with more services and the console's token if asked for."""
    of_the_story = SCENARIOS[scenario].configuration
    if not console:
        return write_config(folder, urls, more=pacing.yaml, **of_the_story)
    more = pacing.yaml + demo_console.PAGES
    path = write_config(folder, urls, more=more, services=demo_console.services_yaml(urls), **of_the_story)
    demo_console.give_token(folder)
    return path


async def _stay_open(screen: Screen, scenario: str, admin: httpx.AsyncClient, urls: Mapping[str, Any]) -> NoReturn:
    """Begin the scenario again each time the person asks for it, without the faults that are left of the last time.

    Only a cancellation (Ctrl-C) ends it. The daemon keeps its record: cooldown and budget count as in life.
    """
    while True:
        await screen.again()
        for target in ("control", "openai", *urls["sites"]):
            await admin.post(f"{urls['admin']}/faults", json={"target": target, "kind": "good"})
        await admin.post(f"{urls['admin']}/scenario", json={"name": scenario})


async def _announce(announcer: Announcer, admin: httpx.AsyncClient, address: str, clock: Clock) -> None:
    """Read the sandbox's log every second, for the screen."""
    while True:
        announcer.tell((await admin.get(address)).json())
        await clock.sleep(ANNOUNCE_SECONDS)


def _shorter_hold(pacing: Pacing) -> str:
    shipped, here = Detection().latency_hold_seconds, float(pacing.latency_hold.removesuffix("s"))
    return f"slowness must last {HOLD_FACTOR_NEW * shipped:.0f} s while new -> {HOLD_FACTOR_NEW * here:.0f} s"


def _deviating(p95: str, pacing: Pacing) -> tuple[str, ...]:
    """Return the values that differ from the shipped ones (or from the examples), in words."""
    shortened = pacing.shortened if pacing != FULL else ()
    if p95 == P95:
        return shortened
    hold = (_shorter_hold(pacing),) if shortened else ()
    return (*shortened, *hold, f"the API's p95 objective {P95} -> {p95}")


async def _build(config: Path, clock: Clock, screen: Screen | None) -> App:
    listeners = Hooks()
    if screen is not None:
        listeners.note.append(screen.note)
        listeners.sampled.append(_show(screen))
    # Without the environment: a real key of the user must never reach the demo. The fake ones stand in its `.env`.
    settings = await resolve(load(config, {}, config.parent), clock)
    return build(settings, clock, on_error=report_errors(lambda: None), listeners=listeners)


def _show(screen: Screen) -> Callable[[str, SignalSource, Sample, float], None]:
    control: dict[str, Reading] = {}

    def sampled(service: str, source: SignalSource, sample: Sample, at: float) -> None:
        if service == CONTROL:
            control[source.name] = sample.reading
            # As in core/assess/connectivity.py: one control target that answers proves that our network works.
            answering = sum(isinstance(reading, Good) for reading in control.values())
            words = f"{answering} of {len(control)} answer"
            screen.signal("", "control", Good(words) if answering else Bad(words), None, at)
        elif service == VENDORS:
            screen.signal("", f"status {source.name}", sample.reading, None, at)
        else:
            screen.signal(service, source.name, sample.reading, sample.latency_seconds, at)

    return sampled


async def _until_answered(app: App, expected: Expected, clock: Clock, pacing: Pacing) -> None:
    """Wait until the incident is closed or left to people (or blindness was reported), and then a little longer."""
    limit = LIMIT_SECONDS if pacing != FULL else FULL_LIMIT_SECONDS
    give_up = clock.monotonic() + limit
    while clock.monotonic() < give_up and not _answered(app, expected):
        await clock.sleep(0.2)
    quiet = min(QUIET_SECONDS if not expected.verified else 2.0, max(0.0, give_up - clock.monotonic()))
    await clock.sleep(quiet)


def _answered(app: App, expected: Expected) -> bool:
    state = app.engine.state
    incidents = [service.incident for service in state.services.values() if service.incident is not None]
    # Pages are counted in the sandbox's log: a delivery under way would be missing there.
    if app.outbox.waiting:
        return False
    # A blind daemon opens no incident: this notice is its whole answer.
    if state.blind_notified:
        return True
    # Where a verified rollback is expected, a question is a deviation: the run waits on, to its limit.
    left_to_people = {Phase.PAGED} if expected.verified else {Phase.PAGED, Phase.ASKING}
    phases = {service.phase for service in state.services.values() if service.incident is not None}
    return any(incident.closed_at is not None for incident in incidents) or bool(phases & left_to_people)


async def _last_incident(app: App) -> Incident | None:
    for service in app.engine.state.services.values():
        if service.incident is not None:
            return service.incident
    return next(iter(await app.store.incidents(1)), None)


def judge(
    scenario: str, story: Sequence[Mapping[str, Any]], incident: Incident | None, app: App, config: Path
) -> DemoResult:
    """Return the result, counted from the sandbox's log, against the expected one."""
    expected = EXPECTED[scenario]
    onset = sandbox_process.first_at(story, what="fault_started")
    accepted = [entry for entry in story if entry["what"] == "rollback_accepted"]
    requested = sandbox_process.first_at(story, what="request", vendor="render", method="POST")
    verified = incident is not None and incident.rollback.verified_at is not None
    # A rollback that went live without a verified recovery has restored nothing.
    restored = (
        sandbox_process.first_at(story, what="deploy_live", deploy=accepted[0]["deploy"])
        if accepted and verified
        else None
    )
    pages = sandbox_process.pages(story)
    writes = sandbox_process.writes(story)
    decided = incident.decision.at if incident is not None and incident.decision is not None else None
    result = DemoResult(
        scenario=scenario,
        severity=incident.severity.value if incident is not None else None,
        onset_to_decision_seconds=decided - onset if decided is not None and onset is not None else None,
        onset_to_rollback_request_seconds=requested - onset if requested is not None and onset is not None else None,
        onset_to_restored_seconds=restored - onset if restored is not None and onset is not None else None,
        rolled_back_to=accepted[0]["target"] if accepted else None,
        expected_target=expected.target,
        rollbacks=len(accepted),
        pages=pages,
        verified=verified,
        as_expected=True,
        rollback_request_target_seconds=REQUEST_TARGET_SECONDS if expected.rollbacks else None,
        restored_target_seconds=RESTORED_TARGET_SECONDS if expected.verified else None,
        expected_rollbacks=expected.rollbacks,
        expected_pages=expected.pages,
        incident=incident.id if incident is not None else None,
        would=incident.decision.would if incident is not None and incident.decision is not None else "",
        writes=tuple(f"{what} {number}" for what, number in writes.items()),
        left=_left(app),
        explain_command=command_line("explain", incident.id, "-c", config) if incident is not None else "",
    )
    return _with_deviations(result, expected, writes, story)


def _left(app: App) -> tuple[str, ...]:
    off = [item for item in app.engine.state.services.values() if item.auto_deploy_off not in ("", "off")]
    return tuple(f"auto-deploy of {item.name} is off (was {item.auto_deploy_off}) until you restore it" for item in off)


def _with_deviations(
    result: DemoResult, expected: Expected, writes: Mapping[str, int], story: Sequence[Mapping[str, Any]]
) -> DemoResult:
    """Return the result with every deviation, in words."""
    wanted = [
        ("severity", result.severity, expected.severity),
        ("rolled back to", result.rolled_back_to, expected.target),
        ("rollbacks", result.rollbacks, expected.rollbacks),
        ("pages", result.pages, expected.pages),
        ("verified", result.verified, expected.verified),
    ]
    wrong = [f"{what} is {found}, expected {right}" for what, found, right in wanted if found != right]
    if not expected.rollbacks and writes:
        wrong.append(f"Render was written to: {dict(writes)}")
    if expected.rollbacks and not sandbox_process.pinned_first(story):
        wrong.append("auto-deploy was not off before the rollback")
    for what, seconds, target in (
        ("the rollback request", result.onset_to_rollback_request_seconds, result.rollback_request_target_seconds),
        ("restoring", result.onset_to_restored_seconds, result.restored_target_seconds),
    ):
        if target is not None and (seconds is None or seconds > target):
            wrong.append(f"{what} took {seconds} s, target {target:.0f} s")
    return dataclasses.replace(result, as_expected=not wrong, deviations=tuple(wrong))
