"""The public pages over real HTTP: for anybody, and nothing of the inside."""

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html import unescape

import pytest

from tests.cli import examples as x
from tests.console.public.scene import GOES_ON, SHOP, ago, calm, hours, opened, public_town
from tests.console.scene import NOW, TOKEN, service_state
from tests.core.incident_fields import amended
from watchdog.console.public.app import POLICY, lasted, percent
from watchdog.console.public.public_queries import PAST_MAX
from watchdog.console.public.public_views import PublicIncident, StatusPage
from watchdog.domain.checks import Check
from watchdog.domain.commands.announcements import Draft, Stage, Update
from watchdog.domain.decisions import Finding
from watchdog.domain.incidents import Outcome
from watchdog.domain.policy import Suppression
from watchdog.domain.readings import Bad

PLAIN = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
ERROR = "HTTP 503 c4n4ry-body"
INSIDE = (  # an error's text, ids, a service's own name, a deploy, a commit and its message, a repository, signals
    *(ERROR, "web-9", "internal-name-of-web", "dep-4", x.BAD.commit, x.BAD.commit[:7]),
    *("Refactor sessions", "srv-", "github.com/acme/app", "home", "errors", "example.com", "zoe", TOKEN, "approver"),
    *("roll", "autonomous", "watchdog", "uvicorn"),
)


async def test_anybody_may_read_it_and_nobody_is_remembered() -> None:
    """No cookie, one style and one script by their hashes; kept for half a minute by whoever stands between."""
    async with public_town(minutes=hours("web", 5)) as one:
        for path, kind, policy in (
            ("/status/shop", "text/html; charset=utf-8", POLICY),
            ("/status/shop.json", "application/json", PLAIN),
            ("/status/shop.atom", "application/atom+xml; charset=utf-8", PLAIN),
            ("/status/shop.svg", "image/svg+xml", PLAIN),
            ("/status/shop/web-shop.svg", "image/svg+xml", PLAIN),
            ("/status/shop/api/uptime.svg", "image/svg+xml", PLAIN),
        ):
            answer = await one.client.get(path)
            assert answer.status_code == 200 and answer.headers["content-type"] == kind
            assert answer.headers["cache-control"] == "public, max-age=30" and "set-cookie" not in answer.headers
            assert answer.headers["content-security-policy"] == policy and answer.headers["connection"] == "close"
            assert answer.headers["x-frame-options"] == "DENY" and answer.headers["referrer-policy"] == "no-referrer"
            assert "server" not in answer.headers
        text = await one.page()
    for tag in ("style", "script"):
        (found,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()}'" in POLICY
    assert text.count("<script") == 1 and not re.search(r"\sstyle=|\son\w+=|https?:", text)
    assert text.startswith("<!doctype html>") and text.count("<h1>") == 1 and 'lang="en"' in text


async def test_what_did_not_change_is_not_sent_again() -> None:
    """A feed reader that asks each hour gets 304, also behind a proxy that compresses, until there is news."""
    async with public_town() as one:
        for path in (".json", ".atom", ".svg", ""):
            first = await one.client.get(f"/status/shop{path}")
            for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
                again = await one.client.get(f"/status/shop{path}", headers={"if-none-match": known})
                assert (again.status_code, again.content) == (304, b"") and again.headers["etag"] == first.headers[
                    "etag"
                ]
        mark = {"if-none-match": (await one.client.get("/status/shop.atom")).headers["etag"]}
        one.clock.at += 3600.0
        assert (await one.client.get("/status/shop.atom", headers=mark)).status_code == 304
        await one.store.announce(Draft("shop", "Slow"), Update(NOW, "ann", Stage.IDENTIFIED, "We look."))
        one.clock.at += 60.0
        await one.client.get("/status/shop")
        assert "Slow" in (await one.client.get("/status/shop.atom", headers=mark)).text


@pytest.mark.parametrize(
    "path",
    [
        *("/status/none", "/status/none.json", "/status/shop/", "/status/shop/x", "/status/", "/status/shop.html"),
        *("/status/none.atom", "/status/none.svg", "/status/shop/web.svg", "/status/shop/web-shop", "/status.svg"),
    ],
)
async def test_what_is_not_a_page_is_like_any_other_path(path: str) -> None:
    """A stranger does not learn which groups there are, and a page opens nothing else."""
    async with public_town() as one:
        assert (await one.client.get("/")).status_code == (await one.client.get("/status")).status_code == 303
        assert (await one.client.post("/status/shop")).status_code == 405
        head = await one.client.head("/status/shop")
        assert head.status_code == 200 and head.content == b""
        answer = await one.client.get(path)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login")


async def test_a_page_that_is_made_is_handed_out_as_often_as_anybody_asks() -> None:
    """Behind a proxy all are one peer: only what must be made first is bounded, and then the older one is given."""
    pages = (SHOP, StatusPage("other", "Other", {"api": "api"}))
    async with public_town(at_once=2.0, pages=pages) as one:
        for path in ("/status/shop", "/status/shop.json") * 10:
            assert (await one.client.get(path)).status_code == 200
        one.clock.at += 30.0
        for _ in range(10):
            assert (await one.client.get("/status/shop")).status_code == 200
        one.clock.at += 30.0
        assert (await one.client.get("/status/shop")).status_code == 200, "used up, and there is an older one"
        late = await one.client.get("/status/other")
        assert late.status_code == 429 and 0 < int(late.headers["retry-after"]) <= 11
        login = await one.client.post("/login", data={"token": TOKEN})
        assert login.status_code == 303 and (await one.client.get("/")).status_code == 200


async def test_nothing_of_the_inside_stands_on_it() -> None:
    """An outage whose record is full of it: the page and its data are searched for every piece.

    A silence keeps us from calling people, and hides nothing from visitors.
    """
    findings = (Finding("home", "http", "run", NOW - 600, 1.0, ERROR),)
    named = {"service": "internal-name-of-web", "title": ERROR, "findings": findings, "muted": True}
    incident = amended(GOES_ON, **named, human_needed="zoe was asked", approved_by="zoe", outcome=Outcome.VERIFIED)
    past = [ago(replace(incident, id=f"web-9{back}"), 86400 * back, 300) for back in range(1, 6)]
    bad = {"home": Check("home", "http", NOW - 1, Bad(ERROR))}
    service = replace(opened(incident), name="internal-name-of-web", checks=bad)
    policy, state = calm(**{"internal-name-of-web": service})
    silence = Suppression("silence-1", "internal-name-of-web", "zoe", ERROR, NOW - 900, NOW + 900)
    state = replace(state, paused_by="zoe", denied=(x.BAD.commit,), silences=(silence,))
    pages = [StatusPage("shop", "Acme shop", {"internal-name-of-web": "Web shop", "api": "Orders"})]
    minutes = hours("internal-name-of-web", 40, bad={100: 30})
    async with public_town(policy, state, pages=pages, incidents=[incident, *past], minutes=minutes) as one:
        about = Draft("shop", "Slow", ("internal-name-of-web", "docs"))
        await one.store.announce(about, Update(NOW, "zoe", Stage.MONITORING, "Fast again."))
        text, data = await one.page(), json.dumps(await one.json())
        headers = str((await one.client.get("/status/shop")).headers)
        others = [await one.text(path) for path in (".atom", ".svg", "/web-shop.svg", "/web-shop/uptime.svg")]
    assert "Unavailable" in text and "Unavailable" in data and "Web shop" in text
    body = text.partition("</style>")[2].partition("<script>")[0]
    assert "Fast again." in body and "Fast again." in data and "Fast again." in others[0]
    for piece in INSIDE:
        for shown in (body, data, headers, *others):
            assert piece.lower() not in unescape(shown).lower(), piece


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}&amp;'


async def test_hostile_names_stay_text() -> None:
    """Of the page and of its services: they come from a file, and are escaped like what strangers write."""
    pages = [StatusPage("shop", HOSTILE, {"web": HOSTILE, "api": "</title></style>"})]
    policy, state = calm(web=opened(GOES_ON))
    async with public_town(policy, state, pages=pages, incidents=[GOES_ON]) as one:
        await one.store.announce(Draft("shop", HOSTILE), Update(NOW, HOSTILE, Stage.IDENTIFIED, HOSTILE))
        text, data = await one.page(), await one.client.get("/status/shop.json")
        others = [await one.text(path) for path in (".atom", "/script-alert-1-script-img-src-x-onerror.svg")]
    body = text.partition("</style>")[2]
    assert body.count("<script>") == 1 and "<img" not in text and "49" not in body.partition("<script>")[0]
    for xml in others:
        assert "<script" not in xml and ElementTree.fromstring(xml) is not None
    assert text.count("</title>") == text.count("</style>") == 1 and "&lt;script&gt;" in text
    assert data.json()["title"] == HOSTILE and data.headers["x-content-type-options"] == "nosniff"


async def test_the_largest_page_is_small() -> None:
    """Fifteen services of the longest names, each day unlike the one before, and as many incidents as are shown."""
    names = {f"s{number}": "&" * 60 for number in range(15)}
    found = {name: service_state(name) for name in names}
    policy, state = calm(**found)
    minutes = []
    for name in names:
        minutes += hours(name, 89, bad={12 + 48 * back: 90 for back in range(45)})
    past = [ago(x.incident(service="s1"), 3600.0 * number, 60, id=f"s1-{number}") for number in range(1, 60)]
    pages = [StatusPage("shop", "&" * 60, names)]
    async with public_town(policy, state, pages=pages, minutes=minutes, incidents=past) as one:
        text = await one.whole_page()
        assert text.count("with failures") == 15 + 15 and "45 with failures" in text
        assert 20_000 < len(text.encode()) < 55_000
        shown = (await one.json())["incidents"]
        assert (len(shown), shown[0]["begins"]) == (PAST_MAX, "2026-11-25T01:16:04Z"), "the newest of them"


def test_a_share_is_never_rounded_up_and_what_lasted_never_took_no_time() -> None:
    shown = {None: "–", 1.0: "100 %", 0.999999: "99.99 %", 0.99987: "99.98 %", 0.5: "50.00 %"}
    assert {share: percent(share) for share in shown} == shown
    # How long it took: until now, while it goes on; never no time at all.
    took = {(100.0, 400.0): 300.0, (100.0, None): 800.0, (100.0, 100.0): 1.0}
    assert {moments: lasted(PublicIncident("x", "y", *moments), 900.0) for moments in took} == took
