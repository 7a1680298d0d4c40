"""The pages, over real HTTP: what stands on them, and that what strangers wrote stays text."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.console.scene import (
    NOW,
    Town,
    as_read,
    fill,
    open_incident,
    policy_of,
    service_policy,
    service_state,
    story,
    town,
    visited,
)
from tests.core.incident_fields import amended
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.app import POLICY
from watchdog.console.auth.roles import Role, Visitor
from watchdog.console.queries import service_status
from watchdog.console.render.rendering import Renderer
from watchdog.console.routes.pages import ROWS_MAX, overview_values
from watchdog.console.views.card_models import UptimeView
from watchdog.console.views.view_models import DayView, Overview, ServiceRow
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.checks import Check
from watchdog.domain.commands.announcements import Draft, Stage, Update
from watchdog.domain.decisions import Cause, Evidence
from watchdog.domain.deploys import Downtime
from watchdog.domain.effects import Note
from watchdog.domain.incidents import State
from watchdog.domain.readings import Bad

SERVICES, LISTS = ("/services/web", "/services/api", "/services/docs"), ("/history", "/follow-ups", "/audit")
PAGES = ("/", "/announcements", *SERVICES, "/incidents", "/incidents/web-1", *LISTS)
DAY = DayView(0.0, 1800.0, ("good",) * 48, (None,) * 48, True)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\u202e{{ 7*7 }}\ud800'


async def test_every_page_is_there_with_its_headers_and_takes_no_change() -> None:
    """A slash too many leads nowhere: a redirect would lead where the request says that we are."""
    async with visited() as one:
        for path in (*PAGES, "/nothing", "/login"):
            answer = await one.client.get(path)
            assert answer.status_code == (404 if path == "/nothing" else 200), path
            assert answer.headers["content-security-policy"] == POLICY
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin" and answer.headers["cache-control"] == "no-store"
            assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son\w+=|javascript:", answer.text), path
            assert answer.text.count("<h1>") == 1 and 'lang="en"' in answer.text and "<main" in answer.text
        for path in ("/static/icon.svg/", "/login/", "/incidents/", "/api/v1/services/"):
            answer = await one.client.get(path)
            assert answer.status_code == 404 and "location" not in answer.headers, path
        for path in (*PAGES, "/api/v1/services", "/api/v1/incidents/web-1"):
            assert (await one.client.post(path)).status_code == 405, path
            assert (await one.client.delete(path)).status_code == 405, path


async def test_the_overview_shows_the_troubled_first() -> None:
    async with visited() as one:
        text = await one.page("/")
    assert text.index("/services/api") < text.index("/services/docs") < text.index("/services/web")
    assert "api-7" in text and "a human is asked" not in text and "not seen yet" in text
    assert "9f3c2ab" in text and "Refactor sessions" in text and "long body" not in text
    assert "1 of 48 half-hours with failures" in text and 'class="spark"' in text
    # A service of another worker is shown as it was saved.
    async with visited(state=State(), held=("docs",)) as one:
        assert "another worker" in await one.page("/services/web") and "9f3c2ab" in await one.page("/")


async def test_a_service_tells_what_would_happen_now() -> None:
    """The core's own decision for a failure that is only imagined, with its target and guards."""
    async with visited() as one:
        text = await one.page("/services/web")
        busy, told = await one.page("/services/api"), await one.json("/services/api")
        unknown = await one.page("/services/docs")
    assert re.search(r"If <strong>home</strong> failed .* <strong>critical</strong>", text)
    assert "A rollback leads to <code>dep-40" in text and "build failed, never live" in text
    assert "a rollback would lead here" in text and 'class="chart"' in text
    assert 'id="card-api-7"' in busy and "If it failed now" in text and "If it failed now" not in busy
    assert busy.index("</h1>") < busy.index(told["card"]["outlook"]["sentence"]) < busy.index('class="facts"')
    assert "Nothing is known of this service yet" in unknown


async def test_who_is_told_of_nothing_reads_why() -> None:
    """In maintenance mode: on the overview, and on the service's page; there it cannot be ended."""
    _, state, _ = story()
    down = Downtime("in maintenance mode", NOW - 300.0, NOW - 315.0)
    for downtime, why in (
        (down, "it is in maintenance mode; notifications off"),
        (None, "notifications off: silenced"),
    ):
        muted = replace(open_incident(), muted=True)
        api = replace(state.services["api"], incident=muted, downtime=downtime, deploys_at=NOW)
        known = replace(state, services={**state.services, "api": api})
        async with visited(state=known) as one:
            row = (await one.json("/services"))["services"][0]
            assert (row["name"], row["standing"], row["why"]) == ("api", "incident", why)
            for page in ("/", "/services/api"):
                text = await one.page(page)
                assert ("downtime of api by the platform (in maintenance mode" in text) is (downtime is not None)
            assert "End downtime" not in text


async def test_an_incident_says_what_explain_says() -> None:
    """Its commit is deny-listed by its rollback."""
    async with visited() as one:
        one.shown[0] = replace(one.shown[0], denied=(x.BAD.commit or "",))
        text = await one.page("/incidents/web-1")
    assert "author not known" in text
    for words in (
        "Restored in 47 s (target 5 min).", "39 of 39 probes failed for 38 s", "CUSUM 9.2 of 14", "679 : 1", "need",
        "dep-42  9f3c2ab", "rollback to dep-40, sent once", "watchdog commit trust 9f3c2ab", "newer deploy", "1b7e0d4",
        "https://github.com/acme/app/compare/1b7e0d4d4e5f...9f3c2abd4e5f", "build failed, never live",
    ):  # fmt: skip
        assert words in text.replace("&#34;", '"'), words


async def test_the_open_incidents_come_first() -> None:
    """Whatever was opened after them; each page counts them, and an older one says so."""
    late = replace(x.undone(x.decision()), id="web-0", opened_at=NOW + 9, onset_at=NOW, closed_at=NOW + 109)
    async with visited() as one:
        await fill(one.store, State(), (late,))
        text, older = await one.page("/incidents"), await one.page(f"/incidents?before={int(NOW) - 9999}")
    assert text.index("/incidents/api-7") < text.index("/incidents/web-0") < text.index("/incidents/web-1")
    assert ">1 min 49 s</data>" in text and ">1</data> open." in text
    assert text.count("</data> so far</td>") == 1, "of the open one, how long it lasts by now"
    assert "There is nothing older." in older and ">Newest</a>" in older


async def test_the_history_is_the_runbooks_table_and_is_not_sent_again_as_it_was() -> None:
    """A named cause is history, and on the incident's page a note, a line of `explain` and of the timeline, a tick."""
    async with visited() as one:
        await one.store.remark("web-1", "the cache was <cold>", by="ann", root_cause=True)
        incident, first = await one.page("/incidents/web-1"), await one.client.get("/history")
        again = await one.client.get("/history", headers={"if-none-match": first.headers["etag"]})
        await one.store.label("web-1", "wrong", "bob")
        changed = await one.client.get("/history", headers={"if-none-match": first.headers["etag"]})
    assert incident.count("the cache was &lt;cold&gt;") == 4 and "the cache was &lt;cold&gt;" in first.text
    # A rollback that did not help is live as well: nothing is restored then.
    assert "whether or not that helped" in first.text and "Restored in" not in first.text
    assert ">dep-40 1b7e0d4<" in first.text and ">yes, verified<" in first.text and "Method" not in first.text
    assert 'data-label="Live after"' in first.text and "api-7" not in first.text
    assert "2026-11-25" in first.text and "web: HTTP 503 on home" in first.text and "judged right" in first.text
    assert (again.status_code, again.content, changed.status_code) == (304, b"", 200)
    assert again.headers["content-security-policy"] == POLICY


async def test_static_files_are_ours_and_no_others() -> None:
    """Kept for ever under an address that changes with them; nothing above their folder."""
    async with visited() as one:
        links = re.findall(r'(?:href|src)="(/static/[^"]+)"', await one.page("/"))
        assert len(links) == 3
        for link in links:
            answer = await one.client.get(link)
            assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        for name in ("nothing.css", "..%2fapp.py", "%2e%2e/app.py", "console.py", f"{'a' * 300}.css"):
            assert (await one.client.get(f"/static/{name}")).status_code == 404, name


@asynccontextmanager
async def hostile_town() -> AsyncIterator[Town]:
    """Open a town in which everything that a stranger may write is hostile."""
    deploy = replace(x.BAD, commit_message=HOSTILE, commit=HOSTILE, trigger=HOSTILE)
    evidence = (Evidence("home", "bad", HOSTILE, HOSTILE),)
    blame = x.blame(suspect=deploy, change=deploy, prior_why=HOSTILE, why=HOSTILE)
    decision = x.decision(why=HOSTILE, evidence=evidence, blame=blame, severity_why=HOSTILE)
    incident = amended(x.incident(), id="web-9", title=HOSTILE, decision=decision, approved_by=HOSTILE)
    check = Check("home", "http", NOW - 1, Bad(HOSTILE))
    service = service_state("web", deploys=(deploy, x.GOOD), checks={"home": check}, deploys_why=HOSTILE)
    state = State(services={"web": service}, paused_by=HOSTILE, denied=(HOSTILE,))
    store = MemoryStore(SystemClock())
    await fill(store, state, (incident,), (Note(NOW, "web", "web-9", HOSTILE, HOSTILE),))
    await store.remark("web-9", HOSTILE, HOSTILE, root_cause=True)
    await store.follow_up("web-9", HOSTILE, HOSTILE, owner=HOSTILE, due_at=NOW)
    await store.tick("web-9", "lessons", HOSTILE)
    hostile = Update(NOW, HOSTILE, Stage.IDENTIFIED, HOSTILE)
    await store.announce(Draft(HOSTILE, HOSTILE, (HOSTILE,)), hostile)
    asked = await store.submit(HOSTILE[:40], {"incident": HOSTILE, "text": HOSTILE}, HOSTILE)
    await store.answer(asked, ok=False, text=HOSTILE, exit_code=1)
    async with town(policy_of(service_policy("web")), state, store=store) as one:
        yield one


@pytest.mark.parametrize(
    "where",
    ["/", "/services/web", "/incidents/web-9", "/incidents", "/history", "/follow-ups", "/audit", "/announcements"],
)
async def test_hostile_text_stays_text(where: str) -> None:
    """Markup, escapes and half characters of error texts, commits, titles, notes and remarks are shown, never run."""
    async with hostile_town() as one:
        await one.login()
        text = await one.page(where)
        said = await one.client.get(f"/api/v1{where if where != '/' else '/services'}")
    assert "&lt;script&gt;" in text and "{{ 7*7 }}" in text
    assert not re.search(r"<script(?! src=)|<img|\x1b|\u202e", text)
    assert said.status_code in (200, 404) and said.headers["content-type"] == "application/json"


async def test_of_hundreds_of_services_those_in_trouble_are_shown_first_and_all_by_a_link() -> None:
    """A page with every row would be too heavy for a phone."""
    policy, state, _ = story()
    web = policy.services["web"]
    many = {f"site-{number:03d}": replace(web, name=f"site-{number:03d}") for number in range(ROWS_MAX + 20)}
    services = {**many, **policy.services}
    async with visited(policy=replace(policy, services=services), state=state) as one:
        first, every = await one.page("/"), await one.page("/?all")
    rows = re.compile(r"<tr><th[^>]*><a href=./services/([^\"'>]*)")
    assert len(rows.findall(first)) == ROWS_MAX and f"Show all {len(services)} services" in as_read(first)
    assert "api" in rows.findall(first)[:3], "its incident is open"
    assert len(rows.findall(every)) == len(services) and "Show all" not in every


def test_a_row_that_changed_is_drawn_anew_and_is_escaped() -> None:
    """Rows are kept from one look to the next; not the one whose words are others now."""
    renderer, me = Renderer("1"), Visitor(Role.VIEWER, "Ann")
    policy, state, _ = story()
    rows = [
        service_status.service_row(policy, name, state.services[name], True, (DAY, UptimeView()), NOW)
        for name in ("web", "api")
    ]

    def drawn(*services: ServiceRow) -> str:
        view = Overview(NOW, (), services, False)
        return renderer.body(
            "overview.html", {"path": "/", "me": me, "answer": None, **overview_values(view, None, None)}
        ).decode()

    before, after = drawn(*rows), drawn(replace(rows[0], why="<b>odd</b>"), rows[1])
    assert "odd" not in before and "&lt;b&gt;odd&lt;/b&gt;" in after and "<b>odd" not in after
    row = re.compile(r"<tr><th[^>]*><a href=./services/api.*?</tr>", re.DOTALL)
    assert row.findall(before) == row.findall(after) != []


async def test_all_that_may_have_caused_it_is_ranked() -> None:
    """On the page and in the API, where more than its own deploy is seen."""
    cause = Cause("upstream pay", 679.0, "upstream pay fails: <down>")
    judged = x.incident(decision=x.decision(blame=x.blame(odds=1.0, probability=0.5, causes=(cause,))))
    async with visited(incidents=(judged,)) as one:
        text, told = await one.page("/incidents/web-1"), await one.json("/incidents/web-1")
    assert "its own deploy dep-42" in text and "upstream pay fails: &lt;down&gt;" in text
    causes = told["decision"]["blame"]["causes"]
    assert [one["shown"] for one in causes] == ["0.500", "0.499", "0.001"] and sum(
        one["probability"] for one in causes
    ) == pytest.approx(1.0)


async def test_services_stand_under_their_first_tag_and_are_filtered_by_any() -> None:
    """In page and API: the worst group first, of those alike the untagged last; no filter hides an incident."""
    tags = {"web": ("shop", "eu"), "api": ("checkout", "eu"), "docs": ("checkout",), "blog": ()}
    _, state, _ = story()
    known = replace(state, services={**state.services, "blog": replace(state.services["web"], name="blog")})
    policy = policy_of(*(replace(service_policy(name), tags=mine) for name, mine in tags.items()))
    async with visited(policy, known) as one:
        text, filtered = await one.page("/"), await one.page("/?tag=shop")
        nothing = await one.page("/?tag=%3Cb%3E")
        some = await one.json("/services?tag=eu")
    order = re.findall(r'<th colspan.*?(checkout|shop|Without a tag).*?<small>(\d)|row"><a href="/services/(\w+)', text)
    assert ["".join(found) for found in order] == ["checkout2", "api", "docs", "shop1", "web", "Without a tag1", "blog"]
    assert 'href="/services/web"' in filtered and 'row"><a href="/services/api"' not in filtered
    assert "<article" in text and "Elsewhere" not in text
    assert "/incidents/api-7" in filtered.partition("Elsewhere, not tagged shop")[2] and "<article" not in filtered
    assert "No service has the tag &lt;b&gt;" in nothing
    assert [(row["name"], row["tags"]) for row in some["services"]] == [
        ("api", ["checkout", "eu"]),
        ("web", ["shop", "eu"]),
    ]
    assert [card["id"] for card in some["open"]] == ["api-7"]
