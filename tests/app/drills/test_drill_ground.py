"""What keeps the daemon from rolling back refuses a drill: by the state that the daemon saved last."""

from dataclasses import replace

import pytest

from tests.settings.rules.test_drills import BOTH, COMMIT
from tests.settings.texts import KEY, loaded
from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.commands.seen_daemon import SeenDaemon
from watchdog.app.drills.drill_cleanup import DrillCleanup
from watchdog.app.drills.drill_ground import DrillParts, _daemon, _denied, _migrates, _state, drill_client, staging_of
from watchdog.domain.code_comparison import MIGRATION_PATHS, MigrationReading, MigrationRules
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.incidents import Act, Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy, Suppression, Weekly
from watchdog.domain.store_records import Write

NOW, NAME = 1_790_000_000.0, "web-staging"
EARLIER = Drill(NOW, NAME, DrillMethod.BAD_COMMIT, "ann", 1, commit=COMMIT, deploy="dep-9", ended_at=NOW + 60)
READY = ServiceState(NAME, phase=Phase.CALM, deploys_at=NOW)


def policy(mode: Mode) -> Policy:
    return Policy(services={NAME: ServicePolicy(NAME, "srv-1", mode)}, matrix={})


@pytest.mark.parametrize(
    ("service", "shared", "why"),
    [
        ({}, {}, ""),
        ({"deploys_at": None}, {}, "has not read its deploys"),
        ({"phase": Phase.SUSPECT}, {}, "it is not calm (suspect)"),
        ({"forbidden": "403"}, {}, "may not change it: 403"),
        ({}, {"paused_by": "ann"}, "paused by ann"),
        ({"acted_at": (NOW - 60,)}, {}, "its cooldown lasts for another"),
        ({"acted_at": (NOW - 80_000, NOW - 70_000)}, {}, "its 2 rollbacks of a day are used up"),
        ({"acted_at": (NOW - 90_000, NOW - 70_000)}, {}, ""),
        ({}, {"acted_at": (NOW - 599,)}, "the 1 rollbacks of all services in 10 min are used up"),
        ({}, {"acted_at": (NOW - 601,)}, ""),
        (
            {},
            {"holds": (Suppression("hold-1", NAME, "ann", "x", NOW - 9, NOW + 9),)},
            "held (hold-1): watchdog service",
        ),
        ({}, {"holds": (Suppression("hold-1", "web", "ann", "x", NOW - 9, NOW + 9),)}, ""),
        ({}, {"holds": (Suppression("hold-1", None, "ann", "x", NOW - 9, NOW - 1),)}, ""),
    ],
)
def test_each_reason_is_named(service: dict, shared: dict, why: str) -> None:
    state = State(services={NAME: replace(READY, **service)}, **shared)
    said = _state(SeenDaemon(True, policy(Mode.AUTONOMOUS)), state, NAME, NOW)
    assert why in said and bool(said) == bool(why)


@pytest.mark.parametrize(
    ("begins", "weekly", "why"),
    [
        (NOW - 9, None, "held in the configuration (configured-1): wait for its end"),
        (NOW + 9, None, ""),
        (0.0, Weekly(tuple(range(7)), 0, 1440, "UTC"), "held in the configuration (configured-1)"),
    ],
)
def test_a_hold_of_the_configuration_refuses_while_it_is_in_force(
    begins: float, weekly: Weekly | None, why: str
) -> None:
    """As the guard reads it, and not only what people put by command."""
    held = Suppression("configured-1", NAME, "ann", "x", begins, None, weekly)
    seen = SeenDaemon(True, replace(policy(Mode.AUTONOMOUS), action_holds=(held,)))
    said = _state(seen, State(services={NAME: READY}), NAME, NOW)
    assert why in said and bool(said) == bool(why)


@pytest.mark.parametrize(
    ("message", "read", "of_policy", "why", "warning"),
    [
        ("Fix", None, {}, "", "which files 0badc0d changes is not known yet"),
        ("Fix", {}, {}, "", ""),
        ("Fix", {"total": 1, "files": ("db/migrate/1.rb",)}, {}, "0badc0d changes db/migrate/1.rb, a migration", ""),
        ("Fix", {"total": 1, "files": ("db/migrate/1.rb",)}, {"rollback_safe": True}, "", ""),
        ("Fix", {"why": "HTTP 500"}, {}, "", "not known yet"),
        ("Fix", {"whole": False}, {}, "", "not known yet"),
        ("Fix", {"marked": "b" * 40}, {"rollback_safe": True}, "says 'watchdog: migration'", ""),
        ("x\n\nWatchdog: migration", None, {"rollback_safe": True}, "says 'watchdog: migration'", ""),
        ("Fix", None, {"migrations": MigrationRules()}, "", ""),
        ("Fix", None, {"rollback_safe": True}, "", ""),
    ],
)
def test_a_migration_that_the_daemon_would_ask_about_is_named(
    message: str, read: dict | None, of_policy: dict, why: str, warning: str
) -> None:
    """What is known refuses the drill; files that are read only once the commit is deployed warn."""
    rules = MigrationRules(MIGRATION_PATHS)
    of_it = replace(ServicePolicy(NAME, "srv-1", Mode.AUTONOMOUS, migrations=rules), **of_policy)
    found = () if read is None else (MigrationReading("a" * 40, COMMIT, rules.key, **read),)
    live = Deploy("dep-8", "live", commit="a" * 40)
    listed = [live, Deploy("dep-7", "deactivated", commit=COMMIT, commit_message=message)]
    facts = ServiceFacts("srv-1", NAME, repo="https://code.example/acme/web")
    said = _migrates(replace(READY, migrations=found), facts, listed, of_it, live, COMMIT)
    for text, wanted in zip(said, (why, warning), strict=True):
        assert wanted in text and bool(text) == bool(wanted)


@pytest.mark.parametrize(
    ("runs", "mode", "why"),
    [(True, Mode.AUTONOMOUS, ""), (True, Mode.ASSIST, ""), (True, Mode.OBSERVE, "only observes"), (False, None, "no")],
)
def test_a_daemon_that_may_roll_back_has_to_run(runs: bool, mode: Mode | None, why: str) -> None:
    said = _daemon(SeenDaemon(runs, policy(mode or Mode.AUTONOMOUS)), NAME)
    assert why in said and bool(said) == bool(why)


@pytest.mark.parametrize(
    ("bad", "shared", "drills", "why"),
    [
        ((), {"denied": ()}, (), ""),
        ((NAME,), {}, (), ""),
        ((), {}, (EARLIER,), ""),
        ((), {"acts": (Act(NOW, NAME, COMMIT),), "blamed": (("dep-8", COMMIT, f"{NAME}-3"),)}, (), ""),
        ((), {}, (), f"not known that only {NAME} was rolled back"),
        ((), {}, (replace(EARLIER, deploy=""), replace(EARLIER, commit="b" * 40)), "not known that only"),
        ((NAME, "web"), {}, (EARLIER,), "was found bad on web, where it has to stay denied: write another commit"),
        ((NAME,), {"acts": (Act(NOW, "web", COMMIT),)}, (EARLIER,), "was found bad on web"),
        ((NAME,), {"blamed": (("dep-8", COMMIT, "web-3"),)}, (EARLIER,), "was found bad on web"),
        ((NAME,), {"blamed": (("dep-8", "b" * 40, "web-3"),)}, (EARLIER,), ""),
        ((NAME, "web"), {"denied": ("b" * 40,)}, (), ""),
    ],
)
def test_a_commit_that_another_service_was_rolled_back_from_stays_denied(
    bad: tuple[str, ...], shared: dict, drills: tuple[Drill, ...], why: str
) -> None:
    """A drill takes its commit off the deny-list, which is of all services; one that is not on it harms none."""
    services = {name: ServiceState(name, bad=((COMMIT, "dep-9"),) if name in bad else ()) for name in (NAME, "web")}
    staging = staging_of(loaded(BOTH, KEY), NAME)
    said = _denied(State(**{"services": services, "denied": (COMMIT,), **shared}), drills, staging)
    assert why in said and bool(said) == bool(why)


@pytest.mark.parametrize(
    ("lifted", "denied", "left"), [(True, (), 1), (True, (COMMIT,), 0), (False, (), 0), (False, (COMMIT,), 0)]
)
async def test_a_commit_that_no_rollback_denied_again_is_said_to_be_left(
    lifted: bool, denied: tuple[str, ...], left: int
) -> None:
    """A drill that was rolled back by hand leaves the deny-list without the commit that it took off."""
    clock, settings = FakeClock(NOW), loaded(BOTH, KEY)
    staging, store = staging_of(settings, NAME), MemoryStore(clock)
    await store.save(Write(State(services={NAME: READY}, denied=denied)))
    client = drill_client(settings, staging, clock)
    try:
        cleanup = DrillCleanup(DrillParts(settings, staging, store, client, clock, print))
        assert len(await cleanup._not_denied(replace(EARLIER, lifted=lifted))) == left
    finally:
        await client.close()
