"""What people may say now, as the pages have it: of what is kept for a window. And the answer to a click."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.console.desk_scene import Office, asking, office
from tests.console.scene import TOKEN, VIEWER, bearer
from tests.core.incident_fields import amended
from tests.core.scenes import FACTS, HISTORY, NOW, a_service, a_state
from tests.core.world import make_policy
from watchdog.console.views.answer_views import DONE, answer_view
from watchdog.console.views.approval_views import NEVER_LIVE, plan_view
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.decisions import Course, GuardAnswer, Verdict
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Phase
from watchdog.domain.store_records import Command, Write

INCIDENT = "/incidents/web-1"


async def keep(o: Office) -> float:
    """Let a rollback of web be approved and kept; return until when."""
    o.asks()
    until = o.s.clock.now() + 9000.0
    web = o.s.web
    assert web.incident is not None
    at = o.s.clock.now() - 60.0
    incident = amended(web.incident, approved_by="Ann <lead>", approved_at=at, announced_until=until)
    o.s.engine.state = replace(
        o.s.engine.state, services={"web": replace(web, phase=Phase.ANNOUNCED, incident=incident)}
    )
    await o.s.store.save(Write(o.s.engine.state))
    return until


async def test_what_is_kept_says_by_whom_until_when_and_what_can_be_said_to_it() -> None:
    """On the incident, on the overview and for programs: stopped, or done now."""
    async with office() as o:
        until = await keep(o)
        await o.login(name="Bob")
        text = await o.page(INCIDENT)
        assert "UTC, approved by Ann &lt;lead&gt;, if web still fails and nothing forbids it." in text
        assert "rollback scheduled, sent in 2 h 30 min</span>" in text
        assert "Do not wait: roll back now to dep-40" in text and "Stop the rollback" in text
        overview = await o.page("/")
        assert (
            "SCHEDULED: web will be rolled back to dep-40" in overview and "(watchdog incident stop web-1)" in overview
        )
        (row,) = (await o.client.get("/api/v1/services", headers=bearer())).json()["services"]
        assert row["why"] == "an approved rollback is kept for its window"
        asked = (await o.client.get(f"/api/v1{INCIDENT}", headers=bearer())).json()["ask"]
        assert (asked["kept"], asked["can"], asked["until"], asked["asked_at"]) == (
            True,
            ["approve", "stop"],
            until,
            until,
        )
        await o.login(VIEWER)
        assert "Do not wait" not in await o.page(INCIDENT)


async def test_it_is_stopped_or_done_now_by_a_click_and_not_by_a_form_of_before() -> None:
    """Whoever answered the question with the old page is told to look again."""
    async with asking(TOKEN, name="Bob") as o:
        before = await o.form(INCIDENT, f"{INCIDENT}/approve")
        await keep(o)
        sent = await o.client.post(f"{INCIDENT}/approve", data=before, headers={"sec-fetch-site": "same-origin"})
        assert "is another one than you saw" in await o.page(sent.headers["location"]) and o.s.web.is_kept
        await o.send(INCIDENT, f"{INCIDENT}/stop")
        assert o.s.web.phase is Phase.PAGED
        await keep(o)
        await o.send(INCIDENT, f"{INCIDENT}/approve")
        assert "not to wait for its window" in (await o.asked()).answer


@pytest.mark.parametrize(("name", "passing"), [("trailer", False), ("newer deploy", True)])
async def test_after_a_page_nothing_is_said_to_be_meant(name: str, passing: bool) -> None:
    """Decided anew, and it became a page: no approve on the page; a stop only where it may be decided once more."""
    guard = GuardAnswer(name, Verdict.BLOCK, "dep-42 is on its way", passing=passing)
    decision = x.decision(course=Course.PAGE, guards=(guard,), why="deploy list: not read")
    async with office() as o:
        o.asks(decision=decision)
        o.s.engine.state = replace(o.s.engine.state, services={"web": replace(o.s.web, phase=Phase.PAGED)})
        await o.s.store.save(Write(o.s.engine.state))
        await o.login()
        text = await o.page(INCIDENT)
        assert "means to" not in text and "/approve" not in text and "watchdog incident approve" not in text
        assert ("Once that deploy is live or has failed, the daemon decides again" in text) is passing
        assert ("Do not roll back" in text) is passing and "Stop the rollback" not in text


@pytest.mark.parametrize(
    ("commits", "lost"),
    [
        (("ddd4444", "ccc3333", "bbb2222", "aaa1111"), ["dep-44", "dep-43", "dep-42"]),
        (("ddd4444", "ddd4444", "bbb2222", "aaa1111"), ["dep-43", "dep-42"]),
        # Code that the platform does not name may be any: none is left out as one of the others.
        (("ddd4444", None, None, "aaa1111"), ["dep-44", "dep-43", "dep-42"]),
        (("ddd4444", "aaa1111", None, "aaa1111"), ["dep-44", "dep-42"]),
        # Live is a rollback: what came after the code that it serves is live no more.
        (("bbb2222", "ccc3333", "bbb2222", "aaa1111"), ["dep-42"]),
    ],
)
def test_a_plan_names_each_deploy_that_it_takes_back(commits: Sequence[str | None], lost: list[str]) -> None:
    deploys = tuple(
        replace(HISTORY[min(place, 1)], id=f"dep-{44 - place}", commit=code, created_at=at, finished_at=at + 60.0)
        for place, code in enumerate(commits)
        for at in [NOW - (place + 1) * 86400.0]
    )
    listed = DeploysListed(NOW, "web", deploys, FACTS)
    healthy = a_service(phase=Phase.CALM, live="dep-44", deploys=deploys)
    view = plan_view(make_policy(), a_state(healthy), listed, "dep-41", None)
    assert (view.refused, [one.id for one in view.lost]) == ("", lost)
    failed = tuple(replace(one, status="build_failed") if one.id == "dep-43" else one for one in deploys)
    state = a_state(replace(healthy, deploys=failed))
    again = plan_view(make_policy(), state, replace(listed, deploys=failed), "dep-41", None)
    assert {one.id for one in again.lost if one.note == NEVER_LIVE} == {"dep-43"} & set(lost)


def test_each_command_of_the_console_has_its_sentence() -> None:
    """A new one fails here until it has one."""
    assert set(DONE) == {row.name for row in ROWS}
    assert all(text.endswith(".") and len(text.split()) <= 25 for text in DONE.values())


@pytest.mark.parametrize(
    ("done", "ok", "code", "state", "said"),
    [
        (True, True, 0, "done", "The rollback is stopped."),
        (True, False, 1, "failed", "Not done. Too late: it was sent."),
        (True, False, 3, "refused", "Not done. Too late: it was sent."),
        (False, False, None, "waiting", "The daemon has not answered yet."),
    ],
)
def test_the_sentence_tells_the_outcome(done: bool, ok: bool, code: int | None, state: str, said: str) -> None:
    """With the reason where nothing was done, and never that a refused one was done."""
    answer = "too late: it was sent" if done else ""
    command = Command(1, "stop", {"incident": "web-1"}, "ann", done=done, ok=ok, answer=answer, exit_code=code, at=5.0)
    view = answer_view(command)
    assert (view.state, view.said, view.asked, view.command) == (state, said, "stop web-1", "stop")
    assert view.help == ("/help/on-call#approvals" if said.startswith("Not done") else "")


def test_what_is_added_names_its_incident() -> None:
    """The page that shows it may be that of all incidents."""
    for name in ("note", "tick", "follow-up", "label"):
        done = Command(1, name, {"incident": "web-1"}, "ann", done=True, ok=True, answer="done", exit_code=0, at=5.0)
        assert " web-1 " in answer_view(done).said.replace(".", " ") and "{" not in answer_view(done).said
