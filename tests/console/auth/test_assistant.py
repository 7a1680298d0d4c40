"""An assistant reads, and answers for a person, by a code that its own token cannot get."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.console.desk_scene import Office, asking
from tests.console.scene import OPERATOR, TOKEN, VIEWER, bearer
from watchdog.console.auth.assistant import Assistant
from watchdog.console.auth.roles import Role, Visitor, Way
from watchdog.console.command_service import WRONG_CODE

ASSISTANT = "c4n4ry-assistant-0123456789-0123456789"
GIVEN = Assistant(ASSISTANT, b"c4n4ry key of the codes")
QUESTION = {"suspect": "dep-41", "target": "dep-40", "asked_at": 1234.5}
ANN = Visitor(Role.APPROVER, "ann", way=Way.OIDC)


def test_the_record_names_those_with_a_name_alone() -> None:
    """By way and name, in any role; the bearers of a token without a name are not one person."""
    assert ANN.is_named("oidc:ann (viewer)") and not ANN.is_named("token:ann (approver)")
    assert not Visitor(Role.VIEWER).is_named(Visitor(Role.VIEWER).by)


@asynccontextmanager
async def assisted() -> AsyncIterator[Office]:
    async with asking(assistant=GIVEN) as o:
        yield o


async def codes(o: Office, token: str, name: str = "") -> dict[str, str]:
    """Return the codes that a person reads on the incident's page, by answer."""
    await o.login(token, name)
    found = re.findall(r"<li>(Approve|Reject): <code>([^<]+)</code></li>", await o.page("/incidents/web-1"))
    return {answer.lower(): html.unescape(code) for answer, code in found}


async def question(o: Office) -> dict[str, Any]:
    """Return the question as the assistant reads it."""
    o.client.cookies.clear()
    ask = (await o.client.get("/api/v1/incidents/web-1", headers=bearer(ASSISTANT))).json()["ask"]
    return {name: ask[name] for name in QUESTION}


async def test_a_person_gives_the_assistant_a_code_and_is_the_author() -> None:
    async with assisted() as o:
        told = await codes(o, TOKEN, "ann (not bob)")
        answer = await o.api("/incidents/web-1/approve", {**await question(o), "code": told["approve"]}, ASSISTANT)
        assert answer.status_code == 200 and answer.json()["by"] == "token:ann [not bob] (by an assistant)"
        assert (await o.asked()).arguments["identity"] == "token:ann [not bob]"
        notes = await o.s.store.notes(incident="web-1")
        assert "by token:ann [not bob] (by an assistant)" in [one.text for one in notes if one.label == "APPROVED"]


@pytest.mark.parametrize(
    ("token", "answers"), [(TOKEN, {"approve", "reject"}), (OPERATOR, {"reject"}), (VIEWER, set())]
)
async def test_a_page_shows_the_codes_of_what_its_reader_may_answer(token: str, answers: set[str]) -> None:
    async with assisted() as o:
        assert set(await codes(o, token)) == answers


async def test_no_code_is_shown_where_no_assistant_has_a_token() -> None:
    async with asking() as o:
        assert await codes(o, TOKEN) == {}
        assert (await o.api("/incidents/web-1/approve", {**QUESTION, "code": "x"}, ASSISTANT)).status_code == 401


async def test_a_wrong_code_changes_nothing_is_recorded_and_slowed_down() -> None:
    """A code of another answer is wrong, and after some of them the right one waits as well."""
    async with assisted() as o:
        told, asked = await codes(o, TOKEN, "ann"), await question(o)
        before = o.s.engine.state
        for code in ("", "x", told["reject"], told["approve"].replace("ann", "bob"), f"{told['approve']}A"):
            answer = await o.api("/incidents/web-1/approve", {**asked, "code": code}, ASSISTANT)
            assert answer.status_code == 403 and answer.json()["detail"] == WRONG_CODE
            refused = await o.asked()
            assert (refused.by, refused.arguments["refused"]) == ("assistant (viewer)", WRONG_CODE)
            assert code not in str(refused.arguments) or not code.strip("x")
        waits = await o.api("/incidents/web-1/approve", {**asked, "code": told["approve"]}, ASSISTANT)
        assert waits.status_code == 403 and waits.json()["detail"].startswith("too many wrong codes: wait 10 s")
        assert o.s.engine.state.services["web"].incident == before.services["web"].incident


async def test_a_code_is_good_for_the_question_that_was_shown() -> None:
    """Asked again, it is another one; and what was not asked is refused by the daemon, whatever the code."""
    async with assisted() as o:
        told = await codes(o, TOKEN, "ann")
        o.asks(asked_at=o.s.clock.now())
        answer = await o.api("/incidents/web-1/approve", {**await question(o), "code": told["approve"]}, ASSISTANT)
        assert (answer.status_code, answer.json()["detail"]) == (403, WRONG_CODE)
        again = await codes(o, TOKEN, "ann")
        old = {**await question(o), "target": "dep-39"}
        code = GIVEN.code(Visitor(Role.APPROVER, "ann"), "approve", "web-1", old)
        assert (await o.api("/incidents/web-1/approve", {**old, "code": code}, ASSISTANT)).status_code == 409
        answer = await o.api("/incidents/web-1/reject", {**await question(o), "code": again["reject"]}, ASSISTANT)
        assert answer.status_code == 200 and answer.json()["command"] == "reject"


async def test_its_token_does_nothing_else() -> None:
    """It reads; it gives no other command; it opens no session, and so no page; a role's token sends no code."""
    async with assisted() as o:
        told, asked = await codes(o, TOKEN, "ann"), await question(o)
        for path, body in (
            ("/pause", None),
            ("/services/web/rollback", {"live": "dep-41"}),
            ("/incidents/web-1/stop", None),
        ):
            assert (await o.api(path, body, ASSISTANT)).status_code == 403, path
        assert (await o.client.post("/login", data={"token": ASSISTANT})).status_code == 401
        assert (await o.client.get("/incidents/web-1", headers=bearer(ASSISTANT))).status_code == 303
        answer = await o.api("/incidents/web-1/approve", {**asked, "code": told["approve"]}, TOKEN)
        assert answer.status_code == 422 and "assistant's token alone" in answer.json()["detail"]


async def test_no_answer_of_the_api_holds_a_code() -> None:
    """Whatever an assistant may read, before and after a person gave it one."""
    async with assisted() as o:
        told = await codes(o, TOKEN, "ann")
        asked = await question(o)
        await o.api("/incidents/web-1/approve", {**asked, "code": told["reject"]}, ASSISTANT)
        await o.api("/incidents/web-1/reject", {**asked, "code": told["reject"]}, ASSISTANT)
        o.client.cookies.clear()
        document = (await o.client.get("/api/v1/openapi.json", headers=bearer(ASSISTANT))).json()
        names = {"{name}": "web", "{incident_id}": "web-1"}
        for path in (one for one, has in document["paths"].items() if "get" in has):
            for pattern, value in names.items():
                path = path.replace(pattern, value)
            text = (await o.client.get(f"/api/v1{path}", headers=bearer(ASSISTANT), params={"at": 9})).text
            assert not any(code.rpartition("/")[2] in text for code in told.values()), path


def test_a_code_is_bound_to_all_that_it_is_about() -> None:
    code = GIVEN.code(ANN, "approve", "web-1", QUESTION)
    assert re.fullmatch(r"oidc:ann/[A-Z2-7]{4}-[A-Z2-7]{4}", code)
    assert (
        GIVEN.person_of(f" {code.lower()}\n".replace("OIDC:ANN", "oidc:ann"), "approve", "web-1", QUESTION)
        == "oidc:ann"
    )
    assert GIVEN.code(Visitor(Role.APPROVER), "approve", "web-1", QUESTION).startswith("token/")
    others = [
        ("reject", "web-1", QUESTION),
        ("approve", "web-2", QUESTION),
        *(
            ("approve", "web-1", {**QUESTION, **change})
            for change in ({"suspect": "x"}, {"target": None}, {"asked_at": 9})
        ),
    ]
    assert [one for one in others if GIVEN.person_of(code, *one)] == []
    assert Assistant(ASSISTANT, b"another key").person_of(code, "approve", "web-1", QUESTION) is None
    assert "c4n4ry" not in repr(GIVEN)
