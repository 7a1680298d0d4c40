"""The migrations of deploys, read from the sandbox's GitHub as they appear; and told to the core when it cannot be."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.core.world import make_policy
from tests.support.clocks import eventually
from tests.support.github_reader import FACTS, Beside, beside
from watchdog.core.fold.migrations_read import apply_migrations
from watchdog.daemon.integrations.migration_reader import MigrationReader
from watchdog.daemon.runtime.poller import AGAIN_SECONDS, REFUSED_SECONDS
from watchdog.domain.code_comparison import MigrationReading, MigrationRules
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import Event, MigrationsRead, Restarted
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.sandbox import keys
from watchdog.sandbox.world import COMMITS

RULES = MigrationRules(("db/migrate/**",))
NEW = "d" * 40
OLD, GOOD, BUILT = (COMMITS[key][0] for key in ("39", "40", "41"))
SECONDS = 1e6
LIVE = Deploy("dep-40", "live", commit=GOOD, created_at=SECONDS, finished_at=SECONDS)
BEFORE = Deploy("dep-39", "deactivated", commit=OLD, created_at=0.0, finished_at=1.0)
COMING = Deploy("dep-42", "build_in_progress", commit=NEW, created_at=SECONDS + 50.0)
WEB = ServiceState("web", facts=FACTS, deploys=(LIVE, BEFORE), live="dep-40", watching_since=SECONDS + 10.0)
DEPLOYING = replace(WEB, deploys=(COMING, LIVE, BEFORE))


def guarding(rules: MigrationRules = RULES) -> Policy:
    policy = make_policy()
    return replace(policy, services={"web": replace(policy.services["web"], migrations=rules)})


class Guarded(Beside):
    """A reader, its policy, and what the core was told: it knows that from then on."""

    policy = guarding()

    @property
    def read(self) -> list[MigrationReading]:
        return [one.found for one in self.told if isinstance(one, MigrationsRead)]

    async def hear(self, event: Event) -> None:
        await super().hear(event)
        assert isinstance(event, MigrationsRead)
        web = apply_migrations(self.state.services["web"], event, self.policy)
        self.state = State(services=MappingProxyType({"web": web}))


def reading(token: str = keys.GITHUB_TOKEN) -> AbstractAsyncContextManager[Guarded]:
    return beside(
        lambda it, github: MigrationReader(github, it.clock, lambda: (it.state, it.policy), it.hear), token, Guarded
    )


async def test_each_deploy_is_read_once_as_it_appears_in_the_list() -> None:
    """Before it is live; one that is a migration says its file. What is read already is asked for no more."""
    async with reading() as it:
        it.know(WEB)
        await it.heard(1)
        assert it.read == [MigrationReading(OLD, GOOD, RULES.key)]
        it.sandbox.deploy(commit=NEW, message="Migrate the orders\n\nat last")
        it.know(replace(DEPLOYING, migrations=it.state.services["web"].migrations))
        await it.heard(2)
        assert it.read[1] == MigrationReading(GOOD, NEW, RULES.key, ("db/migrate/orders.py",), 1)
        for phase in (Phase.SUSPECT, Phase.CALM):
            it.know(replace(it.state.services["web"], phase=phase))
        await it.clock.advance(3600.0)
        assert it.asked == 2


@pytest.mark.parametrize(
    ("healthy", "expected"),
    [
        pytest.param("dep-41", {(BUILT, NEW)}, id="the target is the deploy before"),
        pytest.param("dep-40", {(BUILT, NEW), (GOOD, BUILT)}, id="it is one further back"),
        pytest.param("", {(BUILT, NEW)}, id="there is none: nothing is rolled back"),
    ],
)
async def test_all_deploys_down_to_the_target_are_read(healthy: str, expected: set[tuple[str, str]]) -> None:
    """What the target brought itself stays, so that is not read."""
    newest = Deploy("dep-42", "live", commit=NEW, created_at=SECONDS + 30.0, finished_at=SECONDS + 30.0)
    fresh = Deploy("dep-41", "deactivated", commit=BUILT, created_at=SECONDS + 20.0, finished_at=SECONDS + 20.0)
    deploys = (newest, fresh, replace(LIVE, status="deactivated"), BEFORE)
    async with reading() as it:
        it.sandbox.deploy(commit=NEW, message="Migrate the orders")
        it.know(replace(WEB, deploys=deploys, observed_healthy_seconds={healthy: 4000.0}, watching_since=0.0))
        await it.heard(len(expected))
        await it.clock.advance(3600.0)
        assert {(one.base, one.head) for one in it.read} == expected


async def test_with_other_paths_it_is_read_anew() -> None:
    """A reload may have changed them."""
    async with reading() as it:
        it.know(WEB)
        await it.heard(1)
        it.policy = guarding(replace(RULES, paths=("app/**",)))
        it.know(it.state.services["web"])
        await it.heard(2)
        assert it.read[1].files == ("app/list.py",) and it.read[1].rules != it.read[0].rules


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(replace(WEB, facts=None), id="nothing is known of it"),
        pytest.param(replace(WEB, facts=replace(FACTS, repo=None)), id="no repository"),
        pytest.param(replace(WEB, deploys=()), id="no deploys"),
        pytest.param(replace(WEB, deploys=(replace(LIVE, status="deactivated"), BEFORE)), id="nothing is live"),
        pytest.param(replace(WEB, deploys=(LIVE,)), id="nothing before it"),
        pytest.param(replace(WEB, deploys=(replace(LIVE, commit=None, image_sha="sha256:1"), BEFORE)), id="an image"),
        pytest.param(
            replace(WEB, migrations=(MigrationReading(OLD, GOOD, RULES.key),)), id="an earlier start has read it"
        ),
        pytest.param(replace(WEB, name="shop"), id="no longer guarded"),
    ],
)
async def test_what_needs_no_reading_costs_none(service: ServiceState) -> None:
    async with reading() as it:
        it.know(service)
        it.know(service, event=Restarted(0.0))
        await it.clock.advance(3600.0)
        assert it.asked == 0 and it.told == []


async def test_without_paths_nothing_is_read() -> None:
    async with reading() as it:
        it.policy = guarding(replace(RULES, paths=()))
        it.know(WEB)
        await it.clock.advance(3600.0)
        assert it.asked == 0


@pytest.mark.parametrize(("token", "pause"), [(keys.GITHUB_TOKEN, AGAIN_SECONDS), ("wrong", REFUSED_SECONDS)])
async def test_what_cannot_be_read_is_told_once_and_tried_again(token: str, pause: float) -> None:
    """The core has to know that it does not know."""
    async with reading(token) as it:
        it.sandbox.set_mode("github", "error_500" if pause == AGAIN_SECONDS else "ok")
        it.know(WEB)
        await it.heard(1)
        (failed,) = it.read
        assert failed.why and (failed.base, failed.head, failed.files) == (OLD, GOOD, ())
        asked = it.asked
        await it.clock.advance(pause - 1.0)
        assert it.asked == asked
        await it.clock.advance(5.0)
        await eventually(lambda: it.asked > asked and it.clock.sleepers)
        assert len(it.told) == 1
        if pause == AGAIN_SECONDS:
            it.sandbox.set_mode("github", "ok")
            await it.clock.advance(pause + 5.0)
            await it.heard(2)
            assert it.state.services["web"].migrations == (MigrationReading(OLD, GOOD, RULES.key),)
