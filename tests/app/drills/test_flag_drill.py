"""Drills by a feature flag: the daemon's own remedy repairs it; refused, killed, broken off, and cleaned up."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.drills.staging_scene import STAGING, drilled, staging
from tests.support import warm_processes
from tests.support.clocks import PATIENCE_SECONDS, FakeClock
from tests.support.daemon_processes import SHORT, Cloud, Daemon, environment, until
from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_on import FlagSwitch
from watchdog.app.commands.seen_daemon import SeenDaemon
from watchdog.app.commands.store_reading import reading
from watchdog.app.drills.bad_flag import BadFlag, FlagCleanup, why_no_remedy
from watchdog.app.drills.drill_ground import DrillParts, Ground, staging_client, staging_of
from watchdog.app.drills.sandbox_drill import sandbox_drill
from watchdog.app.sandbox_demo import sandbox_process
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.drills.drill import TARGETS, Drill, DrillMethod
from watchdog.domain.errors import Refused
from watchdog.domain.incidents import History, ServiceState, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy
from watchdog.domain.remedies.remedy import Remedy
from watchdog.ports import Clock
from watchdog.sandbox.world import BAD_FLAG
from watchdog.settings.load.load import load

NOW = 1_790_000_000.0
FLAG = ("--method", "flag")
Check = Callable[[], Awaitable[None]]
LIMITS = {step.value: target.seconds for step, target in TARGETS.items()}
REPAIR = Remedy(BAD_FLAG, without_deploy=True, cooldown_seconds=1800.0)
GUARDED = ServicePolicy(STAGING, "srv-1", Mode.AUTONOMOUS, remedies=(REPAIR,))
HOUR = 3600.0
OLD = Deploy("dep-8", "live", finished_at=NOW - 9 * HOUR)


def switched(cloud: Cloud) -> list[bool]:
    """Return to what the flag was switched, oldest first; no other flag was touched."""
    found = cloud.log("flag_switched")
    assert {one["flag"] for one in found} <= {BAD_FLAG}
    return [one["to"] for one in found]


def begun(cloud: Cloud, daemon: Daemon) -> "warm_processes.Process":
    """Return a drill by flag as a process of its own, once the flag is on."""
    out = cloud.folder / "drill.out"
    place = {"env": environment(), "cwd": cloud.folder, "out": out, "err": out.with_suffix(".err")}
    drill = warm_processes.start(daemon.command("drill", STAGING, *FLAG), **place)
    until(lambda: switched(cloud) == [True], out.with_suffix(".err").read_text)
    return drill


@pytest.mark.long
def test_the_daemon_switches_the_flag_off_by_itself_and_the_next_drill_waits_for_its_cooldown(tmp_path: Path) -> None:
    """Timed to its proof; nothing of Render is changed, and production is refused."""
    with staging(tmp_path) as (cloud, daemon):
        refused = daemon.cli("drill", "web", *FLAG)
        assert refused.returncode == 3 and "web is no staging service" in refused.stderr and switched(cloud) == []
        found = drilled(daemon, *FLAG)
        assert (found["result"], found["method"], found["flag"], found["left"]) == ("passed", "flag", BAD_FLAG, [])
        assert switched(cloud) == [True, False] and cloud.untouched()
        took = {one["step"]: one["took_seconds"] for one in found["steps"]}
        order = [took[step] for step in ("detected", "decided", "requested", "restored", "verified")]
        assert order == sorted(order) and took["paged"] is not None
        assert "DRILL" not in daemon.cli("status").stdout
        again = daemon.cli("drill", STAGING, *FLAG)
        assert again.returncode == 3 and "its cooldown lasts for another" in again.stderr
        assert switched(cloud) == [True, False]


@pytest.mark.long
def test_killed_with_its_daemon_it_is_cleaned_up_later(tmp_path: Path) -> None:
    """kill -9 of both: the cleanup switches the flag off by one request."""
    with staging(tmp_path) as (cloud, daemon):
        drill = begun(cloud, daemon)
        daemon.kill()
        drill.send_signal(signal.SIGKILL)
        drill.wait(timeout=PATIENCE_SECONDS)
        assert switched(cloud) == [True]
        assert f"clean up: watchdog drill {STAGING} --clean" in daemon.cli("status").stdout
        early = daemon.cli("drill", STAGING, "--clean")
        assert early.returncode == 3 and "may still run" in early.stderr
        cleaned = daemon.cli("drill", STAGING, "--clean", "--force", "--json")
        assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
        found = json.loads(cleaned.stdout)
        assert (found["result"], found["left"], switched(cloud)) == ("failed", [], [True, False])
        again = daemon.cli("drill", STAGING, "--clean")
        assert again.returncode == 0 and "Nothing to clean up" in again.stdout


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_broken_off_it_switches_the_flag_off_first(tmp_path: Path, number: signal.Signals) -> None:
    """Once, also where the daemon does it at that moment: under a hold the daemon begins none of its own."""
    with staging(tmp_path) as (cloud, daemon):
        drill = begun(cloud, daemon)
        drill.send_signal(number)
        assert drill.wait(timeout=PATIENCE_SECONDS) != 0
        assert switched(cloud) == [True, False] and cloud.untouched()
        daemon.until(lambda: daemon.rows("SELECT number FROM drills WHERE ended_at IS NOT NULL"))
        assert daemon.cli("drill", STAGING, "--clean").stdout.startswith("Nothing to clean up")


@pytest.mark.long
def test_a_flag_service_that_refuses_the_daemon_fails_the_drill_and_the_flag_is_off(tmp_path: Path) -> None:
    """The remedy's request is refused once; the cleanup sends it again, after the daemon is done with it."""
    with staging(tmp_path) as (cloud, daemon):
        drill = begun(cloud, daemon)
        cloud.post("modes", name="flag", mode="refuse_403", times=1)
        assert drill.wait(timeout=PATIENCE_SECONDS) == 1
        found = json.loads(daemon.cli("drill", "--history", "--json").stdout)[0]
        assert found["left"] == [] and "the flag as remedy not switched off" in found["problems"][0], found
        assert switched(cloud) == [True, False]


@pytest.mark.long
def test_a_lost_answer_to_the_drills_request_is_looked_up_and_not_sent_again(tmp_path: Path) -> None:
    """The flag is read as on: the outage began."""
    with staging(tmp_path) as (cloud, daemon):
        cloud.post("modes", name="flag", mode="drop", times=1)
        found = drilled(daemon, *FLAG)
        assert (found["result"], switched(cloud)) == ("passed", [True, False])


@pytest.mark.long
def test_what_keeps_the_daemon_from_it_refuses_the_drill(tmp_path: Path) -> None:
    """Before anything is switched: a flag that is on, a pause."""
    with staging(tmp_path) as (cloud, daemon):
        assert daemon.cli("pause").returncode == 0
        paused = daemon.cli("drill", STAGING, *FLAG)
        assert paused.returncode == 3 and "paused by" in paused.stderr
        assert daemon.cli("resume").returncode == 0 and switched(cloud) == []
        cloud.post("flags", flag=BAD_FLAG, enabled=True)
        in_use = daemon.cli("drill", STAGING, *FLAG)
        # Whichever comes first: it is read as on, or the daemon sees the outage that it makes.
        assert in_use.returncode == 3 and any(one in in_use.stderr for one in ("is on already", "it is not calm"))
        assert switched(cloud)[0] is True and daemon.rows("SELECT number FROM drills") == []


@pytest.mark.long
def test_a_drill_by_flag_in_the_sandbox(tmp_path: Path) -> None:
    """Without an account; production, and every other flag, is untouched."""
    said: list[str] = []
    drill = sandbox_drill(
        "terminal:ann", SystemClock(), said.append, LIMITS, method=DrillMethod.FLAG, shortened=SHORT, into=tmp_path
    )
    found = asyncio.run(drill).drill
    assert (found.verdict, found.problems, found.left, found.flag) == ("passed", (), (), BAD_FLAG), said
    story = sandbox_process.lines_of(tmp_path / "sandbox.jsonl")
    assert [one["to"] for one in story if one["what"] == "flag_switched"] == [True, False]
    assert not [one for one in story if one.get("vendor") == "render" and one.get("method") not in (None, "GET")]


@asynccontextmanager
async def at_hand(cloud: Cloud, said: list[str], clock: Clock, check: Check) -> AsyncIterator[BadFlag]:
    """Yield the fault of a drill in this process; `check` is called right before its request."""
    settings = load(cloud.config, {}, cloud.folder)
    found = staging_of(settings, STAGING)
    assert found.flag_on is not None and found.flag_off is not None
    async with reading(settings, clock) as store:
        client = staging_client(settings, found, clock)
        context = Context(clock=clock, endpoints=settings.endpoints, secrets=settings.secrets, guard=settings.guard)
        switch = FlagSwitch(found.flag_on, found.flag_off, context, check)
        fault = BadFlag(DrillParts(settings, found, store, client, clock, said.append), BAD_FLAG, switch)
        try:
            yield fault
        finally:
            await fault.close()


@pytest.mark.long
def test_a_flag_that_another_one_switched_on_a_moment_before_is_left_alone(tmp_path: Path) -> None:
    """The request was refused before it was sent: there is nothing of the drill to clean up."""
    with staging(tmp_path) as (cloud, daemon):
        daemon.stop()

        async def a_colleague() -> None:
            cloud.post("flags", flag=BAD_FLAG, enabled=True)

        async def story() -> None:
            async with at_hand(cloud, [], SystemClock(), a_colleague) as fault:
                drill = await fault.parts.store.begin_drill(Drill(NOW, STAGING, DrillMethod.FLAG, "ann", flag=BAD_FLAG))
                assert drill is not None
                with pytest.raises(Refused, match="another one may use it"):
                    await fault.begin(drill)
                assert await fault.clean(drill, "ann") == ()

        asyncio.run(story())
        assert switched(cloud) == [True]


@pytest.mark.long
def test_a_daemon_that_refuses_the_hold_keeps_no_flag_on(tmp_path: Path) -> None:
    """It is switched off without one after a minute, once: it may be a daemon that answers nothing any more."""
    with staging(tmp_path) as (cloud, daemon):
        said: list[str] = []

        async def nothing() -> None: ...

        async def story() -> None:
            clock = FakeClock()
            async with at_hand(cloud, said, clock, nothing) as fault:
                # The daemon that runs has no service of that name.
                unknown = replace(fault.parts.staging, name="renamed")
                cleanup = FlagCleanup(replace(fault.parts, staging=unknown), fault.switch)
                cloud.post("flags", flag=BAD_FLAG, enabled=True)
                begun = clock.monotonic()
                assert await cleanup.clean(Drill(NOW, STAGING, DrillMethod.FLAG, "ann", flag=BAD_FLAG), "ann") == ()
                assert 60 <= clock.monotonic() - begun < 120

        daemon.stop()
        asyncio.run(story())
        assert switched(cloud) == [True, False]
        assert [one for one in said if "without a hold" in one], said


@pytest.mark.long
def test_cleaned_up_while_the_daemons_own_request_is_under_way_it_sends_none(tmp_path: Path) -> None:
    """Its record says so: the cleanup waits until the daemon knows how it ended."""
    with staging(tmp_path) as (cloud, daemon):
        drill = begun(cloud, daemon)
        cloud.post("modes", name="flag", mode="slow", times=1)
        drill.send_signal(signal.SIGKILL)
        drill.wait(timeout=PATIENCE_SECONDS)
        until(lambda: switched(cloud) == [True, False], daemon.words)
        cleaned = daemon.cli("drill", STAGING, "--clean", "--force", "--json")
        assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
        assert (json.loads(cleaned.stdout)["left"], switched(cloud)) == ([], [True, False])
        assert len(cloud.requests("flags", "PATCH")) == 2


def grounds() -> Iterator[tuple[ServicePolicy, ServiceState, Deploy, str]]:
    calm, unfit = ServiceState(STAGING), replace(REPAIR, without_deploy=False)
    yield GUARDED, calm, OLD, ""
    yield replace(GUARDED, mode=Mode.ASSIST), calm, OLD, "in mode assist no flag is switched off"
    yield replace(GUARDED, remedies=()), calm, OLD, "has no flag_off of new-cart with without_deploy: true: restart it"
    yield replace(GUARDED, remedies=(unfit,)), calm, OLD, "with without_deploy: true"
    yield GUARDED, replace(calm, remedied=((BAD_FLAG, NOW - 1799),)), OLD, "its cooldown lasts for another 1 s"
    yield GUARDED, replace(calm, remedied=((BAD_FLAG, NOW - 1800), ("other", NOW))), OLD, ""
    yield (
        GUARDED,
        calm,
        replace(OLD, finished_at=NOW - 8 * HOUR),
        "dep-8 went live 8 h 0 min ago, and the daemon may suspect it: wait 45 min",
    )
    # Where other incidents are rare a deploy is suspected for longer.
    quiet = replace(calm, history=History(since=NOW - 365 * 24 * HOUR, deploys=20))
    yield GUARDED, quiet, OLD, "dep-8 went live 9 h 0 min ago, and the daemon may suspect it: wait 2 h 35 min"
    yield GUARDED, quiet, replace(OLD, finished_at=NOW - 12 * HOUR), ""
    yield GUARDED, calm, Deploy("dep-9", "live", trigger="rollback", finished_at=NOW - 60), ""


@pytest.mark.parametrize(("policy", "service", "live", "why"), [*grounds()])
def test_each_reason_why_the_daemon_would_not_switch_it_off_is_named(
    policy: ServicePolicy, service: ServiceState, live: Deploy, why: str
) -> None:
    daemon = SeenDaemon(True, Policy(services={STAGING: policy}, matrix={}))
    ground = Ground(daemon, State(services={STAGING: service}), ServiceFacts("srv-1", STAGING), [live], live)
    said = why_no_remedy(ground, STAGING, BAD_FLAG, NOW)
    assert why in said and bool(said) == bool(why)
