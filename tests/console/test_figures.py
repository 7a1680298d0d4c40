"""Every figure and curve of the pages about a recorded incident has a counterpart in the JSON API, and in `explain`.

A figure is a text with a digit. It stands in <time datetime> or <data value>, whose value is one of the API's (a
number, a length of a list, the time between two moments) and whose text is that value in one of our formats; or its
text is one of the API's, or fixed in a template. A curve is a path that the API's values draw.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli import examples as x
from tests.cli.conftest import CONFIG
from tests.console.public.scene import ago, hours, opened, public_town
from tests.console.scene import NOW, day_of, fill, story, visited
from watchdog.adapters.stores import build_store
from watchdog.cli.main import main
from watchdog.console.public.app import days_in_words
from watchdog.console.queries.series import RANGES, USUAL
from watchdog.console.render import charts
from watchdog.console.render.rendering import HERE, age, latency
from watchdog.console.views.card_views import badge
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.store_records import FeedHour
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import clock, iso, moment, percent, took

TEMPLATES = " ".join(one.read_text() for one in sorted((HERE / "templates").rglob("*.html")))
FIXED = " ".join(re.sub("<[^>]*>", " ", TEMPLATES).split())
FORMATS = ("{:g}".format, "{:.2f}".format, show_seconds, percent, latency, took, age)
ALLOWED = {
    "title": "the tab's, of the pulse that routes/live.py streams: test_live.py",
    "footer": "the version",
    "pre": "the lines of `explain`, compared as a whole",
    "nav": "the ranges to choose from",
    "style": "no text",
    "script": "no text",
}
"""Elements whose figures are no facts about a service or an incident."""
VOID = ("meta", "link", "input", "img", "br", "path", "rect", "circle")


class Known:
    """What the API's documents say: numbers, moments, texts, and the curves they draw."""

    def __init__(self, *documents: Any) -> None:
        self.numbers: set[float] = set()
        self.moments: dict[str, float] = {}
        self.words: set[str] = {one.words for one in RANGES.values()}
        self.paths: set[str] = set(re.findall(r' d="([^"{]+)"', TEMPLATES))
        for one in documents:
            self._add(json.loads(json.dumps(one), object_hook=lambda found: SimpleNamespace(**found)))
        ends = sorted(self.moments.values())
        self.numbers |= {late - early for early in ends for late in ends if late >= early}

    def _add(self, value: Any) -> None:
        if isinstance(value, SimpleNamespace):
            self._drawn(value)
            for each in vars(value).values():
                self._add(each)
        elif isinstance(value, list):
            self._counted(value)
            for each in value:
                self._add(each)
        elif isinstance(value, str):
            self.words.add(" ".join(value.replace("`", "").split()))
            if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+Z", value):
                self._add(datetime.fromisoformat(value).timestamp())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self.numbers.add(float(value))
            if value > 1e9:
                self.moments[str(iso(value))] = float(value)

    def _counted(self, rows: list[Any]) -> None:
        self.numbers |= {float(len(rows)), *({0.0} if rows else ())}
        if all(isinstance(one, str) for one in rows):
            self.words.add(" ".join(rows))
        fields = [item for one in rows if isinstance(one, SimpleNamespace) for item in vars(one).items()]
        self.numbers |= set(map(float, Counter(map(repr, fields)).values()))
        self.numbers |= {max(known) for known in [[one for one in rows if isinstance(one, float)]] if known}

    def _drawn(self, one: SimpleNamespace) -> None:
        """Add the words and paths that the pages make of a view."""
        if hasattr(one, "states"):
            self.words.add(charts.bar_words(one))  # type: ignore[arg-type]
            self.paths |= {charts.sparkline(one.latency_seconds), *dict(charts.bar(one)).values()}  # type: ignore[arg-type]
        if hasattr(one, "objective"):
            self.words.add(charts.budget_words(one))  # type: ignore[arg-type]
            self.paths.add(f"M0 5h{100 * max(one.left, 0):.1f}v7H0z")
        if getattr(one, "available", None) is not None:
            self.words.add(f"{percent(one.available)} available")
        if hasattr(one, "outlook"):
            self.words.add(badge(one.outlook, NOW))
        if hasattr(one, "span_seconds") and hasattr(one, "signals"):
            for each in one.signals:
                each.top_seconds = max(
                    (v for v in (*each.p50_seconds, *each.p95_seconds) if v is not None), default=None
                )
                made = charts.chart(one, each)  # type: ignore[arg-type]
                self.paths |= {made.p50, made.p95, made.failed, made.unknown, *(f"M{x} 0v120" for x in made.deploys)}
        if hasattr(one, "factor"):
            self.paths.add("{} {}".format(*charts.term_bar(one)))  # type: ignore[arg-type]
        if hasattr(one, "days") and hasattr(one, "badge"):
            # The heaviest page: a figure here is its text alone.
            self.words |= {days_in_words(one), f"{len(one.days)} days ago"}  # type: ignore[arg-type]
            self.paths |= set(dict(charts.bar_of([each.state for each in one.days])).values())

    def has_number(self, value: str, text: str) -> bool:
        """Tell whether a number is known, and the text is that number."""
        number = float(value)
        return any(abs(number - one) < 1e-6 for one in self.numbers) and text in {show(number) for show in FORMATS}

    def has_moment(self, value: str, text: str, title: str) -> bool:
        """Tell whether a moment is known, and text and title are that moment, or the time since."""
        at = self.moments.get(value)
        if at is None or title not in ("", moment(at)):
            return False
        shown = (clock(at), f"{clock(at)} UTC", moment(at)[:16], f"{moment(at)[:16]} UTC", f"{clock(at)[:5]} UTC")
        return text in (*shown, age(NOW - at), f"{age(NOW - at)} ago")

    def has_words(self, text: str) -> bool:
        """Tell whether each digit of a text belongs to one of the API's texts, or stands in a template."""
        if text.strip(".") in FIXED or any(text in one for one in self.words):
            return True
        for one in sorted(self.words, key=len, reverse=True):
            if len(one) > 1:
                text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", "", text)
        return not re.search(r"\d", text)


class Page(HTMLParser):
    """A page's figures and curves without a counterpart."""

    def __init__(self, page: str, known: Known) -> None:
        super().__init__()
        self.known, self.within, self.left, self.seen = known, [("", {})], list[str](), 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at curves and labels."""
        given = {name: value or "" for name, value in attrs}
        curve = given.get("d") or (f"{given['x']} {given['width']}" if tag == "rect" else "")
        if curve and curve not in self.known.paths:
            self.left.append(f"curve {curve}")
        self._words(given.get("aria-label", ""))
        if tag not in VOID:
            self.within.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        while tag not in VOID and self.within.pop()[0] != tag:
            pass

    def handle_data(self, text: str) -> None:
        """Look at a text."""
        said, (tag, given) = " ".join(text.split()), self.within[-1]
        if any(name in ALLOWED for name, _ in self.within):
            return
        if tag == "data":
            self._keep(said, self.known.has_number(given["value"], said))
        elif tag == "time":
            self._keep(said, self.known.has_moment(given["datetime"], said, given.get("title", "")))
        else:
            self._words(said)

    def _words(self, said: str) -> None:
        if re.search(r"\d", said):
            self._keep(said, self.known.has_words(said))

    def _keep(self, said: str, known: bool) -> None:
        self.seen += 1
        if not known:
            self.left.append(said)


def wrong(page: str) -> Iterator[str]:
    """Return the page with one figure or curve changed, each kind once."""
    for pattern, change in (
        (r'<data value="([\d.]+)">', lambda found: f'<data value="{float(found[1]) + 7.25}">'),
        (r'(<data value="[\d.]+">)(\d)', lambda found: f"{found[1]}1{found[2]}"),
        (r'<time datetime="2026', lambda _: '<time datetime="2025'),
        (r"(<time [^>]*>)", lambda found: f"{found[1]}7"),
        (r' d="M0 (\d)', lambda found: f' d="M0 1{found[1]}'),
    ):
        assert re.search(pattern, page), pattern
        yield re.sub(pattern, change, page, count=1)


async def test_every_figure_of_the_pages_is_the_api_s(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overview, incidents, services; `explain` as typed says what the incident's page and the API say."""
    monkeypatch.setenv("WATCHDOG_SENTRY_TOKEN", "a-token-for-tests-only")
    config, errors = tmp_path / "watchdog.yaml", "      errors:"
    # The kinds of signals of the story: the checklists are ticked by them.
    latency = f'      api: {{latency: "http://127.0.0.1:9/", p95: 800ms}}\n{errors}'
    config.write_text(CONFIG.format(folder=tmp_path).replace(errors, latency))
    _, state, incidents = story()
    store = build_store(f"sqlite:///{tmp_path}/watchdog.db", SystemClock())
    await fill(store, state, incidents)
    await store.put_minutes(day_of("web"))
    hour = NOW - NOW % 3600
    await store.put_feed_hours([FeedHour("web", "errors", hour - 3600 * back, 60.0, 3600.0) for back in (1, 4)])
    async with visited(store=store) as one:
        # Each answer reads more of the past, within its time limit.
        while not all(row["day"]["complete"] for row in (await one.json("/services"))["services"]):
            pass
        for path, *documents in (
            *((f"/services/{n}", f"/services/{n}", f"/services/{n}/series?range={USUAL}") for n in ("api", "web")),
            *((f"/incidents/{n}", f"/incidents/{n}", f"/incidents/{n}/checklist") for n in ("web-1", "api-7")),
            ("/incidents", "/incidents"),
            ("/", "/services"),
        ):
            page, known = await one.page(path), Known(*[await one.json(each) for each in documents])
            found = Page(page, known)
            assert (path, found.left) == (path, []) and found.seen > 8
        assert all(Page(other, known).left for other in wrong(page)), "a wrong figure would not be seen"
        told, _ = await one.json("/incidents/web-1"), capsys.readouterr()
        assert await asyncio.to_thread(main, ["--utc", "explain", "web-1", "--all", "-c", str(config)]) == 0
    assert told["explained"] == capsys.readouterr().out.splitlines()
    blame, text = told["decision"]["blame"], " ".join(told["explained"])
    assert all(one in text for one in (blame["shown"], f"{blame['need']:.2f}", blame["odds"], told["restored"]))


async def test_every_figure_of_a_public_page_is_its_data_s() -> None:
    """An open incident, one of before, days with failures."""
    now = ago(x.incident(), 300.0, None)
    web = opened(now)
    async with public_town(
        incidents=[ago(x.incident(id="web-0"), 90000.0, 600.0), now], minutes=hours("web", 90)
    ) as one:
        one.shown["state"] = one.shown["state"].__class__(services={**one.shown["state"].services, "web": web})
        found = Page(await one.page(), Known(await one.json()))
    assert found.left == [] and found.seen > 5
