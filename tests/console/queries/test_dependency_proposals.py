"""A service's page shows, folded, what it may depend on and the line to write; the JSON API has the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.console import scene
from tests.console.scene import OPERATOR, TOKEN, VIEWER, Town, as_read, service_policy, story
from tests.console.stores import watched
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.queries.dependency_proposals import FRESH_SECONDS, DependencyProposals
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.presentation.incident_loader import CHUNK
from watchdog.presentation.stats_loader import Numbers

DAY = 86400.0
LINE = "services:\n  api:\n    depends_on: [openai, web]"


def failed(service: str, *days_ago: float) -> tuple[Incident, ...]:
    """Return closed incidents that began so many days before the story."""
    _, _, (told, _) = story()
    return tuple(
        replace(
            told,
            id=f"{service}-{number}",
            service=service,
            onset_at=told.onset_at - DAY * days,
            opened_at=told.opened_at - DAY * days,
        )
        for number, days in enumerate(days_ago, 20)
    )


def policy(**depends_on: tuple[str, ...]) -> Policy:
    """Return the story's policy; api depends on a status page, or on what is given."""
    told, *_ = story()
    services = {"api": ("openai",), **depends_on}
    changed = {name: replace(service_policy(name), depends_on=on) for name, on in services.items()}
    return replace(told, services={**told.services, **changed})


@asynccontextmanager
async def visited(policy: Policy, incidents: tuple[Incident, ...], token: str = TOKEN) -> AsyncIterator[Town]:
    """Serve a calm town with these incidents to a person who has logged in."""
    state, store = State(services={"web": scene.service_state("web")}), MemoryStore(scene.StoryClock())
    await scene.fill(store, state, incidents)
    async with scene.town(policy, state, store=store) as one:
        await one.login(token)
        yield one


TOGETHER = (*failed("web", 3, 5, 8, 12), *failed("api", 3, 5, 8))
NEVER_ALONE = (*failed("web", 3, 5, 8), *failed("api", 3, 5, 8))


@pytest.mark.parametrize("token", [TOKEN, OPERATOR, VIEWER])
async def test_the_caller_s_page_has_the_line_and_its_reason(token: str) -> None:
    """For everybody who may read: it stems from incidents, which each of them may read. The callee's page has none."""
    async with visited(policy(), TOGETHER, token) as one:
        caller, callee = as_read(await one.page("/services/api")), as_read(await one.page("/services/web"))
    assert '<details id="proposals"><summary>Perhaps it depends on web</summary>' in caller, "folded"
    assert LINE in caller and "Each of its 3 incidents began within 60 s of one of web." in caller
    assert "until then no decision takes it into account" in caller and "the other way round" not in caller
    assert "Perhaps it depends on" not in callee


async def test_two_that_never_failed_alone_are_proposed_to_each_other() -> None:
    """Also in the JSON API; both pages say that it may be the other way round."""
    async with visited(policy(), NEVER_ALONE) as one:
        pages = {name: as_read(await one.page(f"/services/{name}")) for name in ("web", "api")}
        (told,) = (await one.json("/services/web"))["proposals"]
    assert all("The same holds the other way round" in page for page in pages.values())
    assert "Perhaps it depends on api" in pages["web"] and "Perhaps it depends on web" in pages["api"]
    why = "each of its 3 incidents began within 60 s of one of api"
    assert told == {"service": "web", "on": "api", "line": "depends_on: [api]", "why": why, "either": True}


@pytest.mark.parametrize(
    ("declared", "incidents"),
    [
        pytest.param({"api": ("web",)}, TOGETHER, id="it is declared"),
        pytest.param({"web": ("docs",), "docs": ("api",)}, TOGETHER, id="the reverse is, through a third"),
        pytest.param({}, (*TOGETHER, scene.open_incident()), id="it fails alone now"),
        pytest.param({}, TOGETHER[:-1], id="two together are a coincidence"),
        pytest.param({}, (*failed("web", 100, 101, 102), *failed("api", 100, 101, 102)), id="all older than 90 days"),
    ],
)
async def test_nothing_is_proposed_where(declared: dict[str, tuple[str, ...]], incidents: tuple[Incident, ...]) -> None:
    async with visited(policy(**declared), incidents) as one:
        assert "Perhaps it depends on" not in await one.page("/services/api")
        assert (await one.json("/services/api"))["proposals"] == []


async def test_nothing_is_proposed_before_all_incidents_are_read() -> None:
    """A page reads for a few milliseconds, here for none: 25 incidents each time. An older one may have been alone."""
    clock, days = scene.StoryClock(), tuple(range(1, 31))
    store = MemoryStore(clock)
    await scene.fill(store, State(), (*failed("web", *days), *failed("api", *days)))
    proposals, found = DependencyProposals(Numbers(store, clock, budget_seconds=0.0), clock), list[int]()
    for _ in range(4):
        found.append(len(await proposals.of(policy(), "api")))
    assert found == [0, 0, 1, 1]


async def test_pages_share_the_proposals_for_a_minute_or_until_the_configuration_changes() -> None:
    """A view reads nothing meanwhile: not the thousands of incidents, nor their notes."""
    clock, store, numbers = watched(Numbers)
    days = tuple(range(1, 2 * CHUNK))
    await scene.fill(store, State(), (*failed("web", *days), *failed("api", *days)))
    proposals, told = DependencyProposals(numbers, clock), policy()
    assert [one.on for one in await proposals.of(told, "api")] == ["web"]
    store.asked.clear()
    clock.at += FRESH_SECONDS - 1
    await scene.fill(store, State(), failed("api", *days, 0.5))
    for name in ("api", "web", "api"):
        assert len(await proposals.of(told, name)) == 1
    assert not store.asked
    assert await proposals.of(policy(web=("api",)), "api") == (), "declared since a reload"
    assert len(await proposals.of(told, "web")) == 1
    clock.at += FRESH_SECONDS
    assert await proposals.of(told, "api") == (), "it failed alone"
    assert store.asked
