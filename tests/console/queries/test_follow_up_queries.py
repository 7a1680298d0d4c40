"""Checklists on the pages: what is ticked with its evidence, what waits for whom, and what is open over all."""

import re

from tests.cli import examples as x
from tests.console.scene import NOW, VIEWER, as_read, fill, story, visited
from tests.core.incident_fields import amended
from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.dependencies import Dependencies
from watchdog.console.queries.follow_up_queries import FRESH_SECONDS, FollowUpQueries
from watchdog.domain.follow_ups import RUNBOOK

BY_PEOPLE = [one.text for one in RUNBOOK if one.by_people]


def item(text: str, name: str) -> str:
    found = next((one for one in text.split("<li>") if f"<code>{name}</code>" in one), None)
    assert found is not None, name
    return found.partition("</li>")[0]


async def test_an_incident_shows_what_is_done_and_what_waits() -> None:
    async with visited() as one:
        await one.store.tick("web-1", "lessons", "ann")
        text = await one.page("/incidents/web-1")
        assert text.count('<ul class="checklist"') == 4
        assert "02:15:31: 7 of 7 probes good" in item(text, "restored") and "<button" not in item(text, "restored")
        assert ">Tick</button>" in item(text, "stakeholders")
        assert "team lead, due 2026-11-25 03:15:01 UTC" in item(text, "stakeholders")
        assert "ticked by ann, 2026-11-25 02:16 UTC" not in item(text, "stakeholders")
        assert ">Undo</button>" in item(text, "lessons") and "ticked by ann" in item(text, "lessons")
        await one.login(VIEWER)
        assert "/tick" not in await one.page("/incidents/web-1")


async def test_what_is_due_is_marked_and_contacts_are_named() -> None:
    old = amended(x.incident(), restored_at=NOW - 3700, verified_at=NOW - 3600, closed_at=NOW - 3600)
    async with visited(incidents=(old,)) as one:
        text = await one.page("/incidents/web-1")
        said = await one.json("/incidents/web-1/checklist")
    assert "</span> overdue</span>" in item(text, "stakeholders") and "</span> open</span>" in item(text, "prevention")
    states = {row["id"]: row["state"] for part in said["lists"] for row in part["items"]}
    assert states["stakeholders"] == "overdue" and states["prevention"] == "open" and states["log"] == "done"
    assert said["open"] == sum(state != "done" for state in states.values())
    assert said["owners"] == ["on-call engineer", "team lead", "development team", "product owner"]


async def test_a_closed_incident_with_open_tasks_is_not_said_to_leave_nothing() -> None:
    """Page and API name the number that stands at the checklists; once all is ticked, there is nothing to do."""
    async with visited(incidents=(x.undone(x.decision(), closed_at=NOW - 60),)) as one:
        left = (await one.json("/incidents/web-1/checklist"))["open"]
        page, said = as_read(await one.page("/incidents/web-1")), await one.json("/incidents/web-1")
        where = "see the checklists (<code>watchdog incident checklist web-1</code>)."
        assert f"Nothing more for the daemon; {left} tasks are open: {where}" in page and f"{left} open</small>" in page
        assert said["outlook"]["step"].startswith(f"Nothing more for the daemon; {left} tasks are open: ")
        assert said["outlook"]["task"] == "" and "Nothing to do." not in page
        for part in (await one.json("/incidents/web-1/checklist"))["lists"]:
            for row in part["items"]:
                await one.store.tick("web-1", row["id"], "ann")
        assert "Nothing to do." in as_read(await one.page("/incidents/web-1"))


async def test_what_is_open_over_all_incidents_has_a_page_and_a_number() -> None:
    """By incident, each leading there, what is due first before; the overview counts, some seconds late at most."""
    async with visited() as one:
        await one.store.follow_up("api-7", "Ask <acme>", "ann", owner="eve", due_at=NOW - 5)
        text = await one.page("/follow-ups")
        said = await one.json("/follow-ups")
        assert re.findall(r'<a href="/incidents/([\w-]+)#checklists">', text) == ["api-7", "web-1"]
        assert text.count('data-label="What"') == len(BY_PEOPLE) + 1 == said["open"]
        assert (said["overdue"], said["complete"]) == (1, True)
        assert "Ask &lt;acme&gt;" in text and "11 open, 1 overdue." in text
        assert '<a href="/follow-ups">11 follow-ups open</a>, 1 overdue' in as_read(await one.page("/"))
        assert (await one.json("/services"))["follow_ups_open"] == 11


async def test_nothing_open_is_not_shown_on_the_overview() -> None:
    async with visited(incidents=(x.undone(x.decision()),)) as one:
        assert "follow-ups open" not in await one.page("/") and "Nothing is open." in await one.page("/follow-ups")


async def test_the_number_is_read_now_and_then_and_the_list_each_time() -> None:
    """Who asks for the overview every second costs the store little."""
    clock = FakeClock(NOW, auto=False)
    store = MemoryStore(clock)
    policy, state, incidents = story()
    await fill(store, state, incidents)
    world = Dependencies(store, clock, lambda: policy, lambda: state, tuple, None, None, tuple, "9.9")  # type: ignore
    following = FollowUpQueries(world)
    assert (await following.lately()).open == len(BY_PEOPLE)
    await store.tick("web-1", "lessons", "ann")
    await clock.advance(FRESH_SECONDS - 1)
    assert (await following.lately()).open == len(BY_PEOPLE)
    await clock.advance(1)
    assert (await following.lately()).open == len(BY_PEOPLE) - 1
    await store.tick("web-1", "docs", "ann")
    assert (await following.open()).open == (await following.lately()).open == len(BY_PEOPLE) - 2
