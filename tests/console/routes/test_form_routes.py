"""What is clicked: who may, from where, about what; and that it is the core that answers."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from tests.console.desk_scene import asking, office
from tests.console.scene import OPERATOR, SAME, TOKEN, VIEWER, bearer, visited
from tests.daemon.test_undo_command import rolled_back
from watchdog.console.app import BodyLimit
from watchdog.console.auth.roles import Visitor
from watchdog.console.queries.view_queries import AUDITED_MAX
from watchdog.console.routes.api_commands import PATHS, VERBS
from watchdog.docs.places import ANSWERS, INTEGRATIONS
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.commands.human_command import Role
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Approver
from watchdog.domain.severity import Severity

INCIDENT, SERVICE = "/incidents/web-1", "/services/web"


async def test_an_approval_is_the_command_of_the_command_line() -> None:
    """Under the name of who is logged in, about what was asked; the core decides anew, and its answer is shown."""
    async with asking(TOKEN, name="Ann") as o:
        sent = await o.send(INCIDENT, f"{INCIDENT}/approve")
        command = await o.asked()
        assert sent.status_code == 303 and sent.headers["location"] == f"{INCIDENT}?answer={command.id}"
        assert (command.name, command.by) == ("approve", "token:Ann (approver)")
        assert command.arguments["incident"] == "web-1" and command.arguments["seen"]["target"] == "dep-40"
        assert any(note.label == "APPROVED" and "Ann" in note.text for note in await o.s.store.notes())
        shown = await o.page(sent.headers["location"])
        assert "<code>approve web-1</code>" in shown and "token:Ann (approver)" in shown
        assert "<code>approve web-1</code>" in await o.page(f"{INCIDENT}?answer={command.id}")
        assert 'class="answer' not in await o.page(f"{INCIDENT}?answer=99999") + await o.page(f"{INCIDENT}?answer=x")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"target": "dep-39"}, "the target"),
        ({"suspect": None}, "the suspect"),
        ({"asked_at": 5.0}, "the moment of the question"),
    ],
)
async def test_a_yes_to_what_is_asked_no_longer_is_refused(change: dict[str, object], why: str) -> None:
    """The page showed one question, the world went on to another: nothing is done, and the reason is shown."""
    async with asking(TOKEN) as o:
        data = await o.form(INCIDENT, f"{INCIDENT}/approve")
        o.asks(**change)
        sent = await o.client.post(f"{INCIDENT}/approve", data=data, headers=SAME)
        shown = await o.page(sent.headers["location"])
        assert why in shown.lower() and "refused" in shown and o.s.web.phase is Phase.ASKING and o.s.sent("POST") == 0


async def test_only_the_approver_s_yes_counts_here_too() -> None:
    """By the name given at the login; a name that looks like a member id is still a name; a program has none."""
    async with asking() as o:
        high = replace(o.s.engine.policy.matrix[Severity.HIGH], approver=Approver("lead", ("token:Ann", "slack:U0AAA")))
        o.s.engine.policy = replace(o.s.engine.policy, matrix={**o.s.engine.policy.matrix, Severity.HIGH: high})
        for name in ("Bob", "U0AAA", "slack:U0AAA"):
            await o.login(name=name)
            shown = await o.page((await o.send(INCIDENT, f"{INCIDENT}/approve")).headers["location"])
            assert (
                f"Only lead may approve (policy: high: approver: lead); others may reject. You are token:{name}."
                in shown
            )
            assert f"you are token:{name}" in shown and o.s.web.phase is Phase.ASKING
        asked = (await o.client.get("/api/v1/incidents/web-1", headers=bearer())).json()["ask"]
        assert asked["only"].startswith("Only lead may approve")
        seen = {name: asked[name] for name in ("suspect", "target", "asked_at")}
        assert "you are not named" in (await o.api("/incidents/web-1/approve", seen)).json()["answer"]
        await o.login(OPERATOR, name="Ann")
        data = {**await o.form(INCIDENT, f"{INCIDENT}/reject")}
        assert (await o.client.post(f"{INCIDENT}/approve", data=data, headers=SAME)).status_code == 403, "the role, too"
        await o.login(name="Ann")
        await o.send(INCIDENT, f"{INCIDENT}/approve")
        assert any(note.label == "APPROVED" and "Ann" in note.text for note in await o.s.store.notes())


async def test_a_reject_a_stop_a_pause_and_its_end() -> None:
    async with asking(TOKEN) as o:
        # Who comes to the plan of a rollback during an incident reads its own next step there, too.
        plan = (await o.client.get("/api/v1/services/web/plan")).json()
        task = plan["card"]["outlook"]["task"]
        assert task.startswith("Approve") and task in await o.page(f"{SERVICE}/rollback")
        await o.send(INCIDENT, f"{INCIDENT}/reject")
        assert o.s.web.phase is Phase.PAGED
        o.asks(announced_until=o.s.clock.now() + 60.0)
        o.s.engine.state = replace(o.s.engine.state, services={"web": replace(o.s.web, phase=Phase.ANNOUNCED)})
        await o.send(INCIDENT, f"{INCIDENT}/stop")
        assert o.s.web.phase is Phase.PAGED
        await o.send("/", "/pause")
        assert o.s.engine.state.paused_by == "token (approver)"
    async with office() as o:
        o.asks()
        await o.login()
        assert "Pause now" in await o.page("/")
        await o.send("/", "/pause")
        for page in ("/", "/audit", INCIDENT):
            assert (await o.page(page)).count("PAUSED by token (approver): it watches") == 1, "once, on every page"
        await o.send("/audit", "/resume")
        assert not o.s.engine.state.paused_by and "PAUSED by" not in await o.page("/")
        text = await o.page("/audit")
        assert text.index("resume") < text.index('<th scope="row">pause') and "RESUMED by token (approver)" in text
        for command in ("pause", "resume"):
            await o.api(f"/{command}")
            said = (await o.client.get("/api/v1/services", headers=bearer())).json()
            assert said["paused"] is (command == "pause"), "a program's command shows at once, too"


async def test_a_command_leaves_the_page_s_filter_and_range_as_they_were() -> None:
    """And only these: an address that a stranger puts into a form leads nowhere else."""
    async with asking(TOKEN) as o:
        sent = await o.send("/?tag=shop&before=3", "/pause")
        assert sent.headers["location"] == f"/?tag=shop&answer={(await o.asked()).id}"
        assert 'value="tag=shop"' in await o.page(sent.headers["location"])
        sent = await o.send(f"{SERVICE}?range=24h", f"{SERVICE}/silence", lasts="2h", reason="x")
        assert sent.headers["location"] == f"{SERVICE}?range=24h&answer={(await o.asked()).id}"
        for kept, back in (
            ("tag=//evil.example%0d%0aX:&next=//evil.example", "tag=%2F%2Fevil.example%0D%0AX%3A&answer="),
            ("//evil.example", "answer="),
            ("&".join("tag=" for _ in range(99)), "answer="),
        ):
            sent = await o.send(SERVICE, f"{SERVICE}/silence", lasts="2h", reason="x", kept=kept)
            assert sent.headers["location"] == f"{SERVICE}?{back}{(await o.asked()).id}"


async def test_a_silence_may_be_of_one_signal_and_of_one_severity() -> None:
    """Chosen from what there is; a hold knows neither, and what nobody offered is refused with what there is."""
    async with office() as o:
        await o.login(OPERATOR, name="Zoe")
        text = await o.page(SERVICE)
        assert '<select id="signal" name="signal"><option value="">any</option><option>home</option>' in text
        assert '<option value="">any</option><option>critical</option><option>high</option>' in text
        form = await o.form(SERVICE, f"{SERVICE}/silence")

        async def post(what: str, **more: str) -> httpx.Response:
            given = {**form, "lasts": "2h", "reason": "moving", "signal": "", "severity": "", **more}
            return await o.client.post(f"{SERVICE}/{what}", data=given, headers=SAME)

        assert (await post("silence", signal="home", severity="high")).status_code == 303
        (silence,) = o.s.engine.state.silences
        assert (silence.signal, silence.severity) == ("home", Severity.HIGH)
        assert "silence-1 of web, signal home, severity high by token:Zoe" in await o.page(SERVICE)
        for what, more, says in (
            ("silence", {"severity": "bad"}, "Severity: no such severity. Write one of: critical, high, medium, low."),
            ("hold", {"signal": "home"}, "Hold takes no signal: leave it out, then ask again."),
            ("hold", {"severity": "high"}, "Hold takes no severity: leave it out, then ask again."),
        ):
            wrong = await post(what, **more)
            assert wrong.status_code == 400 and says in wrong.text, wrong.text
        gone = await post("silence", signal="hom")
        assert "No signal hom of web; known: home." in await o.page(gone.headers["location"])
        assert len(o.s.engine.state.silences) == 1 and o.s.engine.state.holds == ()


async def test_a_program_may_narrow_a_silence_and_no_hold() -> None:
    """A severity that is none, or a field nobody knows, is a mistake in the body; a signal that is none is refused."""
    async with office() as o:
        hour = {"lasts": "1h", "reason": "moving"}
        done = await o.api(f"{SERVICE}/silence", {**hour, "signal": "home", "severity": "critical"})
        assert done.status_code == 200 and "signal home, severity critical" in done.json()["answer"]
        assert (await o.api("/services/all/silence", {**hour, "severity": "low"})).status_code == 200
        assert [one.service for one in o.s.engine.state.silences] == ["web", None]
        unknown = await o.api(f"{SERVICE}/silence", {**hour, "signal": "hom"})
        assert unknown.status_code == 409 and unknown.json()["answer"] == "No signal hom of web; known: home."
        assert unknown.json()["asked"] == "silence web hom"
        for path, more in (("silence", {"severity": "bad"}), ("silence", {"signal": ""}), ("hold", {"signal": "home"})):
            assert (await o.api(f"{SERVICE}/{path}", {**hour, **more})).status_code == 422
        assert len(o.s.engine.state.silences) == 2 and o.s.engine.state.holds == ()


async def test_quiet_is_asked_for_and_ended_on_the_service_s_page() -> None:
    async with office() as o:
        await o.login(OPERATOR, name="Zoe")
        await o.send(SERVICE, f"{SERVICE}/silence", lasts="2h", reason="moving <house>")
        held = await o.form(SERVICE, f"{SERVICE}/silence")
        await o.client.post(f"{SERVICE}/hold", data={**held, "lasts": "1d", "reason": "launch"}, headers=SAME)
        (silence,), (hold,) = o.s.engine.state.silences, o.s.engine.state.holds
        assert (silence.service, silence.reason, hold.reason) == ("web", "moving <house>", "launch")
        for page in (SERVICE, "/"):
            text = await o.page(page)
            assert "silence-1 of web by token:Zoe (operator) (moving &lt;house&gt;)" in text and "hold-2" in text
        assert "End hold-2" not in await o.page(SERVICE)
        wrong = await o.client.post(f"{SERVICE}/silence", data={**held, "lasts": "soon", "reason": "x"}, headers=SAME)
        assert wrong.status_code == 400 and "Write 2h." in wrong.text
        await o.login()
        await o.send(SERVICE, f"{SERVICE}/unsilence", which="hold-2")
        assert o.s.engine.state.holds == () and len(o.s.engine.state.silences) == 1
        assert "hold-2 of" not in await o.page(SERVICE)


async def test_a_rollback_by_hand_is_confirmed_first_and_done_once() -> None:
    """The page shows every guard's answer and where it leads; from another live deploy than was seen it is refused.

    A second click meets an action under way.
    """
    async with office() as o:
        await o.login()
        plan = await o.page(f"{SERVICE}/rollback")
        assert "newer deploy" in plan and "environment" in plan and "Roll back to dep-39 now" in plan
        told = (await o.client.get("/api/v1/services/web/plan", headers=bearer())).json()
        assert [one["id"] for one in told["lost"]] == ["dep-40"] and told["card"] is None
        assert "takes back" in plan and "No incident is open on web" in plan and "stays off until" in plan
        assert "live by then, the daemon refuses the rollback." in plan
        assert o.s.sent("POST") == 0 and not (await o.s.store.asked())
        other = await o.send(f"{SERVICE}/rollback", f"{SERVICE}/rollback", live="dep-38")
        assert "look again" in await o.page(other.headers["location"]) and o.s.sent("PATCH") == 0
        data = await o.form(f"{SERVICE}/rollback", f"{SERVICE}/rollback")
        first = await o.client.post(f"{SERVICE}/rollback", data=data, headers=SAME)
        again = await o.client.post(f"{SERVICE}/rollback", data=data, headers=SAME)
        assert "BY HAND" in await o.page(first.headers["location"])
        assert "is being handled" in await o.page(again.headers["location"])
        await o.s.until(Phase.DEPLOYING)
        assert len(o.s.accepted) == 1 and "It would not be done" in await o.page(f"{SERVICE}/rollback")


async def test_a_plan_because_of_a_deploy_is_refused_once_that_is_not_live_any_more() -> None:
    """On the page, by its form, and in the API alike; a login on the way there loses nothing of it."""
    late = "dep-38 is not live at web any more; nothing to roll back."
    async with office() as o:
        page, api = f"{SERVICE}/rollback?blamed=", "/api/v1/services/web/plan"
        assert "blamed%3Ddep-38" in (await o.client.get(f"{page}dep-38")).headers["location"]
        await o.login()
        shown = await o.page(f"{page}dep-38")
        assert f"It would not be done. {late}" in shown and "now</button>" not in shown
        data = await o.form(f"{page}dep-40", f"{SERVICE}/rollback")
        assert (data["blamed"], data["live"]) == ("dep-40", "dep-40")
        sent = await o.client.post(f"{SERVICE}/rollback", data={**data, "blamed": "dep-38"}, headers=SAME)
        assert late in await o.page(sent.headers["location"]) and o.s.sent("PATCH") == 0
        told = (await o.client.get(api, params={"blamed": "dep-38"}, headers=bearer())).json()
        assert (told["refused"], told["plan"]) == (late, None)
        refused = await o.api("/services/web/rollback", {"live": "dep-40", "blamed": "dep-38"})
        assert refused.status_code == 409 and refused.json()["answer"] == late
        assert (await o.api("/services/web/rollback", {"live": "dep-40", "blamed": "dep-40"})).json()["state"] == "done"


@pytest.mark.parametrize("wanted", ["dep-999", "dep-41", "dep-40", "x" * 500, "<b>"])
async def test_a_plan_that_leads_nowhere_has_no_button(wanted: str) -> None:
    """Unknown, never live, live already: the reason, and nothing to click."""
    async with office() as o:
        await o.login()
        text = (await o.client.get(f"{SERVICE}/rollback", params={"to": wanted})).text
        assert "It would not be done" in text and "now</button>" not in text and "<b>" not in text
        assert (await o.client.get("/services/none/rollback")).status_code == 404


async def test_a_wrong_rollback_is_taken_back_after_a_look_at_what_would_follow() -> None:
    """From the incident's page: the plan lifts nothing yet; the click is the command; afterwards nothing is offered."""
    async with office() as o:
        await rolled_back(o.s)
        await o.login(OPERATOR)
        assert "Undo the rollback" not in await o.page(INCIDENT)
        assert "Undo needs the role approver" in await o.page(f"{INCIDENT}/undo")
        await o.login(name="Ann")
        text = await o.page(INCIDENT)
        assert "Undo the rollback" in text and text.count("It was right") == 1 and "Left to do<" not in text
        plan = await o.page(f"{INCIDENT}/undo")
        assert "leaves the deny-list" in plan and "newer deploy" in plan and "Put dep-39 back now" in plan
        assert o.s.engine.state.denied and not await o.s.store.asked(1)
        sent = await o.send(f"{INCIDENT}/undo", f"{INCIDENT}/undo", live="dep-38")
        assert "look again" in await o.page(sent.headers["location"]) and o.s.sent("PATCH") == 0
        sent = await o.send(f"{INCIDENT}/undo", f"{INCIDENT}/undo")
        assert "undo of web-1, asked for by token:Ann (approver)" in await o.page(sent.headers["location"])
        await o.s.until(Phase.DEPLOYING)
        assert [one["target"] for one in o.s.accepted] == ["dep-39"] and not o.s.engine.state.denied
        assert "Undo the rollback" not in await o.page(INCIDENT)
        no_more = await o.page(f"{INCIDENT}/undo")
        assert ">web-1</span></span></h1>" in no_more and "An undo is not possible now. " in no_more
        assert (await o.client.get("/incidents/none/undo")).status_code == 404


async def test_an_undo_by_a_program() -> None:
    """The plan says which deploy is live, the command repeats it; without that it makes no sense."""
    async with office() as o:
        await rolled_back(o.s)
        plan = (await o.client.get("/api/v1/incidents/web-1/undo", headers=bearer())).json()
        assert plan["incident"] == "web-1" and plan["plan"]["target"]["deploy_id"] == "dep-39" and plan["follows"]
        assert (await o.api("/incidents/web-1/undo", {})).status_code == 422
        assert (await o.api("/incidents/web-1/undo", {"live": plan["live"]["id"]})).json()["state"] == "done"
        await o.s.until(Phase.DEPLOYING)


async def test_what_a_rollback_leaves_behind_is_put_right_by_a_click() -> None:
    """A deny-listed commit is trusted on the overview, by an approver alone; auto-deploy is restored on its service."""
    async with office() as o:
        web = replace(o.s.web, auto_deploy_off="commit")
        o.s.engine.state = replace(o.s.engine.state, denied=("9f3c2abd4e5f60718293",), services={"web": web})
        await o.login(OPERATOR)
        text = await o.page("/")
        assert "Deny-listed: 9f3c2ab" in text and "/trust" not in text
        await o.login(name="Ann")
        assert "Trust 9f3c2ab" in await o.page("/")
        await o.send("/", "/trust", commit="9f3c2abd4e5f60718293")
        command = await o.asked()
        assert o.s.engine.state.denied == () and command.by == "token:Ann (approver)" and command.ok
        await o.send(SERVICE, f"{SERVICE}/restore-auto-deploy")
        command = await o.asked()
        assert (command.name, command.by, command.ok) == ("restore-auto-deploy", "token:Ann (approver)", True)


async def test_what_is_added_to_the_record_a_note_a_judgement_a_tick_a_follow_up() -> None:
    async with asking(OPERATOR, name="Zoe") as o:
        await o.send(INCIDENT, f"{INCIDENT}/note", text="the <pool>\nwas dry", root_cause="yes")
        await o.send(INCIDENT, f"{INCIDENT}/label", verdict="right")
        text = await o.page(INCIDENT)
        assert "token:Zoe (operator): the &lt;pool&gt; was dry" in text and "judged right" in text
        assert (await o.s.store.remarks("web-1"))[0].root_cause
        for form, why in (
            ({"text": " \n"}, "Text: there is nothing in it to read."),
            ({"text": "x" * 1001}, "Text: longer than 1000"),
        ):
            answer = await o.send(INCIDENT, f"{INCIDENT}/note", **form)
            assert answer.status_code == 400 and why in answer.text
        assert (await o.send(INCIDENT, f"{INCIDENT}/label", verdict="maybe")).status_code == 400
        text = await o.page(INCIDENT)
        assert 'aria-label="Tick: Communicate status to stakeholders"' in text and "Undo" not in text
        sent = await o.send(INCIDENT, f"{INCIDENT}/tick", item="stakeholders")
        assert "<code>tick web-1 stakeholders</code>: done." in await o.page(sent.headers["location"])
        text = await o.page(INCIDENT)
        assert "ticked by token:Zoe (operator), " in text
        assert 'aria-label="Undo the tick of: Communicate status to stakeholders"' in text
        await o.send(INCIDENT, f"{INCIDENT}/tick", item="stakeholders", undo="yes")
        assert "ticked by" not in await o.page(INCIDENT)
        await o.send(INCIDENT, f"{INCIDENT}/follow-up", text="Raise the <pool>\n", owner="Lin", due="3d")
        text = await o.page(INCIDENT)
        assert "Raise the &lt;pool&gt; <code>own-1</code>" in text and "<small>Lin, due 20" in text
        assert "follow-up web-1 Raise the &lt;pool&gt;" in await o.page("/audit")
        wrong = ({"text": " "}, "nothing in it to read"), ({"text": "x", "due": "soon"}, "write 3d")
        for form, why in wrong:
            answer = await o.send(INCIDENT, f"{INCIDENT}/follow-up", **{"owner": "Lin", "due": "3d", **form})
            assert answer.status_code == 400 and why in answer.text.lower()
        assert (await o.send(INCIDENT, f"{INCIDENT}/tick", item="\x07")).status_code == 400
        sent = await o.send(INCIDENT, f"{INCIDENT}/tick", item="own-9")
        assert "failed. No item own-9 in the checklists of web-1" in await o.page(sent.headers["location"])


async def test_the_api_ticks_and_adds_what_the_pages_do() -> None:
    async with asking() as o:
        added = await o.api("/incidents/web-1/follow-up", {"text": "Raise the pool"}, OPERATOR)
        assert added.json()["answer"] == "Added to web-1 as own-1."
        assert (await o.api("/incidents/web-1/tick", {"item": "own-1"})).json()["state"] == "done"
        listed = (await o.client.get("/api/v1/incidents/web-1/checklist", headers=bearer())).json()["lists"][-1]
        (own,) = listed["items"]
        assert (own["owner"], own["state"], own["ticked_by"]) == ("development team", "done", "token (approver)")
        assert (await o.api("/incidents/web-1/tick", {"item": "own-1", "undo": True})).json()["state"] == "done"
        assert (await o.api("/incidents/web-1/tick", {"item": "nothing"})).status_code == 409
        assert (await o.api("/incidents/web-1/tick", {"item": "\u202e"})).status_code == 422
        unclear = await o.api("/incidents/web-1/follow-up", {"text": "x", "due": "soon"})
        assert (unclear.status_code, unclear.json()["help"]) == (422, f"/help/{ANSWERS['follow-up']}")
        assert (await o.api("/incidents/web-1/tick", {"item": "docs"}, VIEWER)).status_code == 403
        assert (await o.api("/incidents/web-9/tick", {"item": "docs"})).json()["state"] == "failed"


async def test_what_a_role_may_not_is_not_offered_and_is_refused_with_a_reason() -> None:
    async with asking(VIEWER) as o:
        text = await o.page(INCIDENT)
        assert 'action="/incidents' not in text and "approve needs the role approver" in text.lower()
        assert "/rollback" not in await o.page(SERVICE) and 'action="/pause"' not in await o.page("/")
        await o.login(OPERATOR)
        data = await o.form(INCIDENT, f"{INCIDENT}/reject")
        refused = await o.client.post(f"{INCIDENT}/approve", data=data, headers=SAME)
        assert refused.status_code == 403 and "you are operator" in refused.text
        assert 'href="/help/console#roles"' in refused.text
        assert o.s.web.phase is Phase.ASKING
        logged = await o.asked()
        assert (logged.name, logged.by, logged.ok) == ("refused", "token (operator)", False)
        assert logged.arguments["what"] == "approve" and "approve needs the role approver" in logged.answer
        answer = await o.api("/pause", token=VIEWER)
        assert answer.status_code == 403 and "needs the role operator" in answer.json()["detail"]
        assert answer.json()["help"] == "/help/console#roles"
        assert (await o.api("/pause", token=OPERATOR)).status_code == 200
        assert ">Acknowledge<" not in text
        await o.login(OPERATOR, name="Zoe")
        await o.send(INCIDENT, f"{INCIDENT}/acknowledge")
        assert o.s.web.phase is Phase.ASKING
        text = await o.page(INCIDENT)
        assert "Acknowledged by token:Zoe (operator)." in text and ">Acknowledge<" not in text


async def test_case_60_one_token_under_many_names_buries_nothing() -> None:
    """Refusals are counted by way and role; none is in the story, and the audit shows what was allowed first."""
    async with asking(TOKEN) as o:
        await o.send("/", "/pause")
        with capture_logs() as logs:
            for number in range(12):
                assert (await o.api("/resume", token=VIEWER)).status_code == 403
                await o.login(OPERATOR, name=f"guest {number} {'n' * 3000}")
                data = await o.form(INCIDENT, f"{INCIDENT}/reject")
                assert (await o.client.post(f"{INCIDENT}/approve", data=data, headers=SAME)).status_code == 403
        refused = [one["by"] for one in logs if one["event"] == "console command refused"]
        assert len(refused) == 10 and refused.count("token (viewer)") == 5
        rows = await o.s.store.asked(not_allowed=True)
        assert len(rows) == 10 and max(len(row.by) for row in rows) < 80
        assert not any("guest" in note.text for note in await o.s.store.notes())
        assert "token:guest" not in await o.page("/audit") and "token:guest 4" in await o.page("/audit?show=refused")


async def test_the_audit_has_pages() -> None:
    async with office() as o:
        for _ in range(7):
            await o.s.store.answer(await o.s.store.submit("pause", {}, "ann"), ok=True, text="", exit_code=0)
        first = (await o.client.get("/api/v1/audit?limit=5", headers=bearer())).json()
        path = f"/api/v1/audit?limit=5&not_allowed=false&before={first['older']}"
        second = (await o.client.get(path, headers=bearer())).json()
        numbers = [one["id"] for one in (*first["rows"], *second["rows"])]
        assert numbers == sorted(set(numbers), reverse=True) and len(numbers) == 7 and second["older"] is None
        await o.login()
        shown = await o.page(f"/audit?before={numbers[3]}")
        assert shown.count('<th scope="row">pause') == 3 and ">Newest</a>" in shown and ">Older</a>" not in shown
        assert (await o.page("/audit?before=x")).count('<th scope="row">pause') == 7


async def test_older_follows_the_rows_that_are_shown_after_new_ones_came() -> None:
    """The link is replaced with the rows, or whoever follows it would miss those that were pushed out.

    A member's late answer is among them: it is refused, and its author has the role.
    """
    late = {"what": "approve", "refused": "too late", "incident": "web-1"}
    async with asking(TOKEN) as o:
        for _ in range(AUDITED_MAX + 1):
            await o.s.store.answer(await o.s.store.submit("pause", {}, "ann"), ok=True, text="", exit_code=0)
        await o.s.store.submit("refused", late, "slack:U0AAA (ann)")
        page = await o.page("/audit")
        assert re.search(r"""before=\d+">Older</a></p>\s*</div>\s*</main>""", page)
        assert "U0AAA" in page and "U0AAA" not in await o.page("/audit?show=refused")


async def test_a_form_of_another_site_or_without_the_word_of_its_own_session_is_not_taken() -> None:
    async with office() as o:
        await o.login()
        data = await o.form("/", "/pause")
        fetched, origins = ("cross-site", "same-site"), ("https://evil.example", "null")
        for site in (*({"sec-fetch-site": one} for one in fetched), *({"origin": one} for one in origins)):
            answer = await o.client.post("/pause", data=data, headers=site)
            assert answer.status_code == 403 and "another site" in answer.text, site
        other = data["form"]
        await o.login()
        for word in (None, other, "0" * 64, "é"):
            data = {} if word is None else {"form": word}
            assert (await o.client.post("/pause", data=data, headers=SAME)).status_code == 403
            given = {} if word in (None, "é") else {"x-form-token": str(word)}
            assert (await o.client.post("/api/v1/pause", headers=given)).status_code == 403
        assert not await o.s.store.asked()
        own = (await o.form("/", "/pause"))["form"]
        assert (await o.client.post("/api/v1/pause", headers={"x-form-token": own, **SAME})).status_code == 200
        origin = {"origin": str(o.client.base_url).rstrip("/")}
        assert (await o.client.post("/resume", data={"form": own}, headers=origin)).status_code == 303


@pytest.mark.parametrize("lost", ["suspect", "target", "asked_at"])
async def test_an_answer_to_nothing_is_not_taken(lost: str) -> None:
    async with asking(TOKEN) as o:
        data = await o.form(INCIDENT, f"{INCIDENT}/approve")
        for broken in ({name: value for name, value in data.items() if name != lost}, {**data, "asked_at": "soon"}):
            answer = await o.client.post(f"{INCIDENT}/approve", data=broken, headers=SAME)
            assert answer.status_code == 400 and "load the page again" in answer.text


async def test_the_api_takes_the_same_commands() -> None:
    async with asking() as o:
        asked = (await o.client.get("/api/v1/incidents/web-1", headers=bearer())).json()["ask"]
        assert asked["can"] == ["approve", "reject"] and asked["target"] == "dep-40"
        seen = {name: asked[name] for name in ("suspect", "target", "asked_at")}
        stale = await o.api("/incidents/web-1/approve", {**seen, "target": "dep-39"})
        assert (
            stale.status_code == 409 and stale.json()["state"] == "refused" and "look again" in stale.json()["answer"]
        )
        assert (await o.api("/incidents/web-1/approve", {"target": "dep-40"})).status_code == 422
        assert (await o.api("/incidents/web-1/note", {"text": "\u202e"})).status_code == 422
        assert (await o.api("/incidents/web-9/stop")).json()["state"] == "failed"
        assert (await o.api("/incidents/web-1/note", {"text": "by a program"})).status_code == 200
        assert (await o.api("/incidents/web-1/label", {"verdict": "wrong"})).json()["by"] == "token (approver)"
        assert (await o.api("/incidents/web-1/reject", seen)).json()["state"] == "done"
        plan = (await o.client.get("/api/v1/services/web/plan", headers=bearer())).json()
        back = {"live": plan["live"]["id"], "target": plan["plan"]["target"]["deploy_id"]}
        assert (await o.api("/services/web/rollback", back)).json()["state"] == "done"
        await o.s.until(Phase.DEPLOYING)


NOT_JSON = [r'"\ud800"', "1e400", "NaN", r'{"\ud800": 1e400}']


@pytest.mark.parametrize("value", NOT_JSON)
async def test_what_cannot_be_written_as_json_is_only_refused(value: str) -> None:
    """Half a letter, or a number beyond all bounds, in any field of any command: no fault of ours."""
    async with asking() as o:
        o.client.cookies.clear()
        for command in ROWS:
            path = PATHS[command.subject].format(verb=VERBS.get(command.name, command.name))
            path = path.replace("{name}", "web").replace("{incident_id}", "web-1")
            own = {one.name: f'"{one.choices[0] if one.choices else "x"}"' for one in command.arguments}
            for fields in ({r"\ud800": value}, *({**own, name: value} for name in own)):
                body = "{" + ", ".join(f'"{name}": {said}' for name, said in fields.items()) + "}"
                headers = {**bearer(TOKEN), "content-type": "application/json"}
                answer = await o.client.post(f"/api/v1{path}", content=body, headers=headers)
                assert answer.status_code < 500, (path, body, answer.text)


async def test_who_does_not_answer_is_said() -> None:
    async with visited() as one:
        word = (await one.page("/")).partition('name="form" value="')[2].partition('"')[0]
        answer = await one.client.post("/pause", data={"form": word}, headers=SAME)
        assert answer.status_code == 503 and "withdrawn" in answer.text
        told = await one.client.post("/api/v1/pause", headers={**bearer(), "cookie": ""})
        assert told.status_code == 503 and "withdrawn" in told.json()["detail"]
        assert told.json()["help"] == f"/help/{INTEGRATIONS}" and f'href="/help/{INTEGRATIONS}"' in answer.text


async def test_a_body_beyond_bounds_is_not_read_on() -> None:

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(await Request(scope, receive).body())(scope, receive, send)

    async def pieces(number: int) -> AsyncIterator[bytes]:
        for _ in range(number):
            yield b"x" * 1000

    async with httpx.AsyncClient(transport=httpx.ASGITransport(BodyLimit(echo)), base_url="http://x") as client:
        assert (await client.post("/", content=pieces(16))).content == b"x" * 16_000
        assert (await client.post("/", content=pieces(17))).status_code == 413
        assert (await client.post("/", content=b"x" * 16_384)).content == b"x" * 16_384
        assert (await client.post("/", content=b"x" * 16_385)).status_code == 413


def test_the_roles_are_as_they_are_told() -> None:
    known = {one.name for one in ROWS}
    may = {role: {command for command in known if Visitor(role).may(command)} for role in Role}
    assert may[Role.VIEWER] == set() and may[Role.APPROVER] == known
    held_back = {"reject", "stop", "acknowledge", "silence", "hold", "pause"}
    assert may[Role.OPERATOR] == {"note", "label", "tick", "follow-up"} | held_back
    assert TOKEN not in repr(Visitor(Role.VIEWER))
