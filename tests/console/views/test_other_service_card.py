"""The card of an incident that another service's deploy is likelier to blame for: its button leads to that service."""

import re
from html import unescape
from typing import Any

import pytest

from tests.console.scene import (
    NOW,
    VIEWER,
    StoryClock,
    as_read,
    fill,
    open_incident,
    policy_of,
    service_policy,
    service_state,
    visited,
)
from tests.presentation.outlook_cases import NEIGHBOUR, to_blame
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import Mode

PAGED = to_blame(NEIGHBOUR)
FIRST = re.compile(r'<a class="button primary" href="([^"]+)"[^>]*>([^<]+)</a>')
PLAN = "/services/api/rollback?blamed=dep-7"
LEAD = "The deploy dep-7 of api is 62 % likely to blame"


@pytest.mark.parametrize(
    ("api", "mode", "href", "label", "says"),
    [
        ({}, Mode.ASSIST, PLAN, "Roll back api …", f"{LEAD}: roll api back to dep-40 (1b7e0d4)."),
        (
            {},
            Mode.OBSERVE,
            "/services/api",
            "Open api",
            f"{LEAD}: roll api back on Render's dashboard, or deploy a fix",
        ),
        (
            {"phase": Phase.VERIFYING, "incident": open_incident(human_needed="")},
            Mode.ASSIST,
            "/incidents/api-7",
            "Open api-7",
            f"{LEAD}. api is being handled: api-7.",
        ),
    ],
)
async def test_the_one_button_that_stands_out_is_about_the_other_service(
    api: dict[str, Any], mode: Mode, href: str, label: str, says: str
) -> None:
    """On the page of the incident, on the overview and on the service's page alike; who may not is told so."""
    bad, *older = service_state("api").deploys
    deploys = (type(bad)(**{**vars(bad), "id": "dep-7"}), *older)
    other = service_state("api", deploys=deploys, live="dep-7", **api)
    state = State(services={"web": service_state("web", phase=Phase.PAGED, incident=PAGED), "api": other})
    policy, store = policy_of(service_policy("web"), service_policy("api", mode)), MemoryStore(StoryClock(NOW))
    await fill(store, state, (PAGED,), ())
    async with visited(policy, state, store=store) as one:
        for path in ("/incidents/web-1", "/", "/services/web"):
            page = unescape(as_read(await one.page(path)))
            found = re.findall(r'<(?:article|div) class="(?:news )?card.*?(?:</article>|<ol)', page, re.DOTALL)
            card = next(text for text in found if "web is down" in text)
            assert FIRST.findall(card) == [(href, label)], path
            assert says in card
        told = (await one.json("/incidents/web-1"))["outlook"]
        assert told["other"] == "api" and told["task"].startswith(says)
        own = 'href="/services/web/rollback">Roll back by hand …'
        assert own in await one.page("/services/web"), "it stays where it is for every service"
        one.client.cookies.clear()
        await one.login(VIEWER)
        assert "/rollback" not in await one.page("/incidents/web-1")
