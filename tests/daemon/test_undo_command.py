"""The command `undo`: what the record says of an incident comes along, and the core says yes or no."""

import asyncio
from dataclasses import replace
from typing import Any

from tests.core.incident_fields import amended
from tests.daemon.supervision.test_command_poller import Unacknowledged, answer
from tests.support.engine_scene import Scene, scene
from watchdog.daemon.approvals.seen_facts import HAS_CHANGED
from watchdog.daemon.engine.timers import FIRST_SNAPSHOT_SECONDS
from watchdog.daemon.supervision.command_poller import FAILED, REFUSED
from watchdog.domain import events as e
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Act, Incident, Phase, State
from watchdog.domain.readings import Good
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Write


async def rolled_back(s: Scene, at: Phase | None = None, **changes: Any) -> Incident:
    """Let the record know of an incident whose rollback, dep-40 for dep-39, is live: it is over, or in a phase."""
    await s.know_deploys()
    bad, live = (next(one for one in s.web.deploys if one.id == name) for name in ("dep-39", "dep-40"))
    now = s.clock.now()
    made = Incident("web-1", "web", Severity.CRITICAL, now - 600.0, now - 660.0, "home fails")
    made = amended(made, suspect=bad.id, suspect_code=bad.code, deploy=live.id, verified_at=now - 60.0, tried=True)
    made = amended(made, closed_at=now - 60.0 if at is None else None, **changes)
    web = replace(s.web, incident=made, bad=((str(bad.code), bad.id),), phase=at or Phase.CALM, incidents=1)
    state = State(services={"web": web}, denied=(str(bad.code),))
    await s.store.save(Write(state))
    s.engine.state = replace(state, services={"web": web if at else replace(web, incident=None)})
    return made


async def test_a_wrong_rollback_that_is_over_is_undone() -> None:
    """The core knows nothing of it any more: what the record says comes along. One rollback is sent, nobody denied.

    It is from the deploy that was seen live. The deny-list is one for all: whose entry is lifted, too, is told at once.
    """
    async with scene() as s:
        made = await rolled_back(s)
        s.engine.state = replace(s.engine.state, acts=(Act(s.clock.now() - 600.0, "api", str(made.suspect_code)),))
        refused = await answer(s, "undo", incident="web-1", seen={"live deploy": "dep-0"})
        assert (refused.exit_code, refused.answer) == (REFUSED, f"the live deploy {HAS_CHANGED}")
        command = await answer(s, "undo", incident="web-1", seen={"live deploy": "dep-40"})
        assert (command.ok, command.exit_code) == (True, 0), command.answer
        assert "BY HAND undo of web-1, asked for by ann: dep-40 -> dep-39" in command.answer
        assert "for every service (rolled back from it, too: api)" in command.answer
        await s.until(Phase.DEPLOYING)
        assert [one["target"] for one in s.accepted] == ["dep-39"] and s.engine.state.denied == ()
        assert s.web.undone == ("dep-40",)
        again = await answer(s, "undo", incident="web-1")
        assert (again.exit_code, again.answer) == (REFUSED, "web-2 is being handled: deploying")


async def test_case_52_a_yes_that_was_saved_without_an_acknowledgement_is_overwritten_by_no_snapshot() -> None:
    """Memory did not take the step: what it knows of the service is not saved before it is read; one rollback."""
    async with scene(Unacknowledged) as s:
        await rolled_back(s)

        async def a_reading_and_a_snapshot() -> None:
            await s.engine.submit_and_wait(e.Observed(s.clock.now(), "web", "home", Good()))
            keeping_time = asyncio.create_task(s.engine.keep_time())
            await s.clock.sleep(FIRST_SNAPSHOT_SECONDS + 1.0)
            keeping_time.cancel()
            assert s.store.saved[-1][0] is None  # type: ignore[attr-defined]

        s.store.meanwhile = a_reading_and_a_snapshot  # type: ignore[attr-defined]
        command = await answer(s, "undo", incident="web-1")
        assert command.ok and s.store.lost, command.answer  # type: ignore[attr-defined]
        await s.quiet()
        assert (s.web.phase, [one["target"] for one in s.accepted]) == (Phase.DEPLOYING, ["dep-39"])


async def test_an_undo_is_refused_in_the_cores_words_or_fails_for_nothing() -> None:
    """No rollback, one that is not live any more; an incident that nobody knows; none that is named."""
    async with scene() as s:
        made = await rolled_back(s, Phase.PAGED, deploy=None)
        refused = await answer(s, "undo", incident="web-1")
        assert refused.exit_code == REFUSED and "it had no rollback that was accepted" in refused.answer
        gone = replace(s.web, incident=amended(made, deploy="dep-38"))
        await s.store.save(Write(State(services={"web": gone})))
        refused = await answer(s, "undo", incident="web-1")
        assert refused.exit_code == REFUSED and "its rollback dep-38 is not live any more (dep-40 is)" in refused.answer
        assert (await answer(s, "undo", incident="web-9")).answer == "no such incident: web-9"
        assert (await answer(s, "undo")).answer == "undo needs incident" and s.sent("POST") == s.sent("PATCH") == 0


async def test_an_undo_of_a_service_that_a_reload_took_away_fails() -> None:
    """The record still knows its incident; the worker that has the fleet answers."""
    async with scene() as s:
        await rolled_back(s)
        s.engine.policy = replace(s.engine.policy, services={})
        unknown = await answer(s, "undo", incident="web-1")
        assert (unknown.exit_code, unknown.answer) == (FAILED, "no service web; known: ")


async def test_an_undo_that_cannot_be_written_down_did_not_happen() -> None:
    """Fails closed: nothing is lifted, nothing sent, the incident is as it was; and the answer says so."""
    async with scene() as s:
        await rolled_back(s)
        before = s.engine.state
        s.store.saving = Temporary("the disk is full")  # type: ignore[attr-defined]
        command = await answer(s, "undo", incident="web-1")
        assert command.answer == "not recorded (the disk is full): nothing is done; ask again"
        assert s.engine.state == before and s.sent("PATCH") == 0
