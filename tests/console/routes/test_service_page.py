"""The page of one service: its deploys with their links, and the words of its forms."""

import re
from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.console.scene import NOW, OPERATOR, TOKEN, VIEWER, as_read, story, town, visited
from watchdog.domain.incidents import DeployWatch, State

DASHBOARD = "https://dashboard.render.com/web/srv-web"


def known(dashboard: str | None = DASHBOARD) -> State:
    """Return the story with the service's page at Render, and its live deploy's author."""
    _, state, _ = story()
    web = state.services["web"]
    assert web.facts is not None
    watched = DeployWatch("dep-42", NOW - 60, NOW + 60, NOW, authors=("ann <b>", "bob"))
    web = replace(web, facts=replace(web.facts, dashboard_url=dashboard), trial=watched)
    return replace(state, services={**state.services, "web": web})


@pytest.mark.parametrize(("token", "may"), [(TOKEN, True), (OPERATOR, False), (VIEWER, False)])
async def test_a_rollback_to_each_earlier_deploy_is_a_click_away(token: str, may: bool) -> None:
    """For who may: not to the live one, nor to one that was never live; the link shows the plan to just that deploy."""
    async with town(state=known()) as one:
        await one.login(token)
        links = re.findall(r'<a class="button small" href="([^"]+)"', await one.page("/services/web"))
        assert links == (["/services/web/rollback?to=dep-40"] if may else [])
        assert "dep-40" in await one.page("/services/web/rollback?to=dep-40")


async def test_a_deploy_has_its_author_its_age_and_its_page_at_render() -> None:
    """The exact time on hover; the author only where the repository named one, as text. The service has pages, too."""
    async with visited(state=known()) as one:
        text, told = await one.page("/services/web"), await one.json("/services/web")
    assert [f'href="{DASHBOARD}{place}" rel="noreferrer noopener"' in text for place in ("", "/logs")] == [True] * 2
    assert told["pages"] == {"dashboard": DASHBOARD, "logs": f"{DASHBOARD}/logs"}
    assert f'<a href="{DASHBOARD}/deploys/dep-42"' in text and "by ann &lt;b&gt;, bob" in text
    assert re.search(r'<time datetime="[^"]+Z" title="[^"]+ UTC">[^<]+ ago</time>', text)
    assert [row["id"] for row in told["deploy_facts"]] == [row["id"] for row in told["deploys"]]
    assert [row["author"] for row in told["deploy_facts"]] == ["ann <b>, bob", "", ""]
    assert text.count("No count of its errors is kept for this time yet.") == 1, "nothing was read of that hour"
    assert all(f">{words}</button>" in text for words in ("Silence notifications", "Hold rollbacks"))


@pytest.mark.parametrize("dashboard", [None, "", "javascript:alert(1)", "ftp://dashboard"])
async def test_only_an_address_of_the_web_becomes_a_link(dashboard: str | None) -> None:
    """What Render says is text of others, too."""
    async with visited(state=known(dashboard)) as one:
        text = await one.page("/services/web")
        assert "/deploys/dep-42" not in text and ">On Render<" not in text


async def test_the_suspect_has_the_same_author_on_every_page() -> None:
    """The overview, the service and the incident show one card."""
    _, state, _ = story()
    web = state.services["web"]
    state = replace(state, services={**state.services, "web": replace(web, incident=x.undone(x.decision()))})
    async with visited(state=state, authors=lambda incident, service: (f"Ann of {incident.id}",)) as one:
        pages = [await one.page(path) for path in ("/", "/services/web", "/incidents/web-1")]
    assert ["99 % likely to blame, by Ann of web-1" in as_read(text) for text in pages] == [True] * 3
