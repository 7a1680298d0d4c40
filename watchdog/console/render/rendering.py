"""Templates into answers: everything escaped, each page with an ETag, so that a browser does not fetch the same page
twice."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from watchdog.console.auth.csrf_forms import kept_query
from watchdog.console.auth.roles import Visitor
from watchdog.console.queries.pulse import ICONS
from watchdog.console.queries.service_status import ORDER
from watchdog.console.render import charts, stats_charts
from watchdog.console.views import card_views, open_summary
from watchdog.console.views.card_models import CardView
from watchdog.console.views.view_models import ServiceRow
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.commands.human_command import HumanCommand, Seen
from watchdog.domain.units import show_seconds
from watchdog.presentation.outlook import Outlook
from watchdog.presentation.text import clock, day, iso, moment, percent, sentence, short, took
from watchdog.presentation.timeline import shown_label

HERE = Path(__file__).parents[1]
STATIC = HERE / "static"
ROWS_KEPT = 1024
DRAWN = frozenset(
    {"approve", "reject", "stop", "acknowledge", "undo", "note", "follow-up", "label", "tick"}
    | {"rollback", "silence", "hold", "unsilence", "pause", "resume"}
    | {"announce", "schedule-maintenance", "update-announcement"}
)
"""Commands for which the pages have a form of their own. Any other gets a plain form made from its row, unless its
author must have seen a question or a plan, which needs a page of its own."""
PAIRS = re.compile(r"(?<=HTTP) (?=\d)|(?<=p\d\d) (?=\d)|(?<=\d) (?=(?:s|ms|min|h|d|%|UTC)\b|%)")
"""The spaces at which no line may break."""
IDS = re.compile(r"(?<![\w-])(?=[0-9a-z-]{3,26}(?![\w-]))[a-z]+-(?=[a-z]*\d)[0-9a-z]+(?![\w-])")
"""Ids, which a browser breaks after their hyphen: `dep-40`, `web-1`. A longer one may have to be broken."""
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Renderer:
    """Renders the templates beside this file."""

    def __init__(self, version: str) -> None:
        self._environment = _environment(version)

    def page(self, request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
        """Return the page, or 304 if the browser has the same one already."""
        # None on the login page and on refusals: no visitor is known there.
        me = request.scope.get("visitor")
        at = {"path": request.url.path, "kept": kept_query(request.url.query)}
        body = self.body(template, {**at, "me": me, **values})
        mark = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        # Conditions count for a success alone (RFC 9110, section 13.2.1): a refusal is always sent whole.
        if status == 200 and request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers={"etag": mark})
        return Response(body, status, {"etag": mark}, media_type="text/html; charset=utf-8")

    def body(self, template: str, values: Mapping[str, Any]) -> bytes:
        """Return a template filled with these values."""
        # "replace": a lone surrogate in foreign text must not turn the page into a 500.
        return self._environment.get_template(template).render(**values).encode("utf-8", "replace")


@cache  # the console and the public page of one process compile each template once
def _environment(version: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        # A misspelt name fails at once instead of rendering as nothing.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # The templates ship with the package: no page needs to check their files for changes.
        auto_reload=False,
    )

    def row(one: ServiceRow, age: str) -> Markup:
        """Return a row of the overview, cached: most rows stay the same between two loads. `age` is its deploy's."""
        made = environment.get_template("service_row.html").render(one=one, age=age)
        return Markup(made)  # noqa: S704  a template's

    environment.globals.update(
        version=version,
        ORDER=ORDER, asset=addresses(), icon_of=ICONS, bar=charts.bar, bar_words=charts.bar_words,
        budget_state=charts.budget_state, budget_words=charts.budget_words,
        sparkline=charts.sparkline, term_bar=charts.term_bar, chart=charts.chart,
        other_commands=other_commands, badge=card_views.badge, tone=tone,
        service_row=lru_cache(ROWS_KEPT)(row),
        week_bars=stats_charts.week_bars, week_scale=stats_charts.week_scale, dates=stats_charts.dates,
        restored_dots=stats_charts.restored_dots, scale=stats_charts.scale,
    )  # fmt: skip
    environment.filters.update(
        moment=moment,
        clock=clock,
        day=day,
        iso=iso,
        seconds=show_seconds,
        age=age,
        short=short,
        latency=latency,
        took=took,
        sentence=sentence,
        percent=percent,
        ticks=ticks,
        unbroken=unbroken,
        read_by=read_by,
        happens=open_summary.happens,
        zip=zip,
        label_shown=shown_label,
    )
    return environment


def other_commands(subject: str) -> list[HumanCommand]:
    """Return the commands about an `incident`, a `service` or nothing that have no form of their own on a page."""
    plain = [one for one in ROWS if one.name not in DRAWN and one.seen is Seen.NOTHING]
    # `service` matches SERVICE and SERVICE_OR_ALL: their forms stand on the same page.
    return [one for one in plain if one.subject.name.lower().startswith(subject)]


def age(seconds: float) -> str:
    """Return a time span in its largest unit: `40 s`, `12 min`, `5 h`, `3 d`; a negative one (a fast clock) as 0."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0.0):.0f} s"


def latency(seconds: float | None) -> str:
    """Return a latency for people: `420 ms`, `3.2 s`, `–`."""
    if seconds is None:
        return "–"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else show_seconds(seconds)


def tone(coming: Outlook) -> str:
    """Return the colour of a card and of its badge: calm where another person has it."""
    return "quiet" if coming.holder else card_views.TONES[coming.situation]


def read_by(card: CardView, me: Visitor) -> CardView:
    """Return a card as this visitor reads it: `you have it` of what they have acknowledged themselves."""
    return card_views.for_holder(card) if me.is_named(card.acknowledged_by) else card


def ticks(text: str) -> Markup:
    """Return the text escaped, with `backticks` shown as code, and no line break within a pair or an id."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(unbroken(text))))  # noqa: S704  it was escaped before


def unbroken(text: str) -> Markup:
    """Return the text escaped, with no line break in what is read as one: `HTTP 503`, `38 s`, `80 %`, `dep-40`."""
    return Markup(IDS.sub(r'<span class="nowrap">\g<0></span>', str(escape(PAIRS.sub("\N{NO-BREAK SPACE}", text)))))  # noqa: S704  it was escaped before


def static_file(name: str) -> Response | None:
    """Return a static file, cacheable for ever, since its address changes with its content. None for an unknown
    name."""
    body = _files().get(name)
    if body is None:
        return None
    kept = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(body, headers=kept | {"content-type": TYPES[Path(name).suffix]})


@cache
def _files() -> Mapping[str, bytes]:
    """Return file name to content, read once: a requested name is looked up here, never used as a path."""
    return {path.name: path.read_bytes() for path in sorted(STATIC.rglob("*")) if path.suffix in TYPES}


@cache
def addresses() -> Mapping[str, str]:
    """Return the name of each static file to its address."""
    return {name: f"/static/{name}?v={hashlib.sha256(body).hexdigest()[:12]}" for name, body in _files().items()}
