"""The gate and the course of a deploy by the JSON API: a pipeline without the store reads them by the status alone."""

from dataclasses import replace
from typing import Any

import httpx

from tests.console.scene import VIEWER, StoryClock, Town, bearer, town
from tests.console.stores import Counted
from tests.presentation.gate import cases as c
from watchdog.domain.store_records import Write

GATES = {"web": c.RULES}


async def asked(one: Town, path: str, **query: Any) -> httpx.Response:
    """Ask as a pipeline does: with a token that may only read."""
    return await one.client.get(f"/api/v1/{path}/web", params={"commit": c.COMMIT, **query}, headers=bearer(VIEWER))


def verdicts(answer: httpx.Response) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in answer.json()["reasons"]}


async def record(one: Town) -> None:
    """Write what a day of readings leaves behind: of staging, and of production for its error budget."""
    rows = c.minutes("home") + c.minutes("errors")
    await one.store.put_minutes([*rows, *(replace(row, service="web") for row in rows)])


async def test_an_open_gate_answers_200() -> None:
    """Every reason passes, and the answer says so itself, too."""
    async with town(c.policy(), c.state(), at=c.NOW, gates=GATES) as one:
        await record(one)
        answer = await asked(one, "gate")
    assert set(verdicts(answer).values()) == {"passed"}, answer.text
    assert (answer.status_code, answer.json()["passed"], answer.json()["service"]) == (200, True, "web")


async def test_a_closed_gate_answers_409_with_every_reason() -> None:
    """A step that looks at nothing but the status stops as well; a service without a gate is closed."""
    async with town(c.policy(), c.state(paused_by="ann"), at=c.NOW, gates=GATES) as one:
        await record(one)
        answer = await asked(one, "gate")
        assert (answer.status_code, answer.json()["passed"]) == (409, False)
        assert [name for name, verdict in verdicts(answer).items() if verdict != "passed"] == ["pause"]
        incident = c.incident("web-staging", c.NOW - 600, c.NOW - 300)
        await one.store.renew_leases("the-worker", ["web-staging"], ttl_seconds=60.0)
        services = {"web-staging": c.service("web-staging", c.STAGED, incident=incident)}
        await one.store.save(Write(replace(c.state(), services=services)))
        assert verdicts(await asked(one, "gate"))["staging incidents"] == "refused"
    async with town(c.policy(), c.state(), at=c.NOW) as one:
        answer = await asked(one, "gate")
        assert (answer.status_code, verdicts(answer)["staging"]) == (409, "refused")


async def test_rules_beside_the_code_are_sent_along() -> None:
    """They close a gate that is open without them, and may not loosen it."""
    async with town(c.policy(), c.state(), at=c.NOW, gates=GATES) as one:
        await record(one)
        stricter = await asked(one, "gate", rules="gate: {soak: 26h}\n")
        assert (stricter.status_code, verdicts(stricter)["soak"]) == (409, "not known")
        looser = await asked(one, "gate", rules="gate: {soak: 1h}\n")
        assert (looser.status_code, "rules:1: gate.soak: would loosen" in looser.json()["detail"]) == (422, True)


async def test_a_log_gets_the_table_of_the_terminal() -> None:
    """By its header alone; the status is the same."""
    async with town(c.policy(), c.state(), at=c.NOW, gates=GATES) as one:
        headers = {**bearer(VIEWER), "accept": "text/plain"}
        answers = [
            await one.client.get(f"/api/v1/{path}/web?commit={c.COMMIT}", headers=headers)
            for path in ("gate", "deploy-watch")
        ]
    assert [answer.status_code for answer in answers] == [409, 202]
    assert all(answer.headers["content-type"].startswith("text/plain") for answer in answers)
    assert "REASON" in answers[0].text and answers[0].text.endswith("which refuses as well.\n")
    assert answers[1].text == "03:14:04  expected: no deploy of c0ffee1 is listed yet\n"


async def test_a_pipeline_without_a_token_learns_nothing() -> None:
    async with town(c.policy(), c.state(), at=c.NOW, gates=GATES) as one:
        for path in ("gate", "deploy-watch"):
            assert (await one.client.get(f"/api/v1/{path}/web?commit={c.COMMIT}")).status_code == 401


async def test_a_store_that_does_not_answer_opens_no_gate() -> None:
    """503, and a deploy is neither good nor bad by it."""
    store = Counted(StoryClock(c.NOW))
    await store.open()
    async with town(c.policy(), c.state(), at=c.NOW, gates=GATES, store=store) as one:
        store.away = True
        assert [(await asked(one, path)).status_code for path in ("gate", "deploy-watch")] == [503, 503]


async def test_a_deploy_is_followed_by_status() -> None:
    """202 until it is over, 200 if it ended well, 409 else."""
    deploy = replace(c.STAGED, finished_at=c.NOW - 60)
    watched = {"deploys": (deploy,), "live": deploy.id, "checks": c.read(version=c.COMMIT)}
    failed = {**watched, "deploys": (replace(deploy, status="update_failed"), c.LIVE)}
    unseen = {**watched, "deploys": (replace(deploy, finished_at=c.NOW - 40 * c.HOUR),)}
    long_ago = {**watched, "deploys": (replace(deploy, finished_at=c.NOW - 9000),)}
    for changes, status, stage, over in (
        (watched, 202, "watched", False),
        (failed, 409, "bad", True),
        (long_ago, 200, "good", True),
        (unseen, 409, "unclear", True),
    ):
        async with town(c.policy(), c.with_service("web", **changes).state, at=c.NOW) as one:
            await record(one)
            answer = await asked(one, "deploy-watch")
            again = await asked(one, "deploy-watch", since=c.NOW)
        assert (again.status_code, again.json()["stage"]) == (202, "expected")
        assert (answer.status_code, answer.json()["stage"], answer.json()["over"]) == (status, stage, over), answer.text
