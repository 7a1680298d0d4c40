"""A notice as the HTML part of a mail: news, task and links first, then a table of facts, the details folded.

Rule 1: it is a tree of elements, so every foreign text is escaped when it is written, and no text can be markup.
Rule 2: no external resource, no script; every style is inline except the dark colours, which need a media query.
"""

from collections.abc import Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element, SubElement, tostring  # only writes: nothing foreign is parsed

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.facts import brief, facts
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.presentation.situation import UNDER_WAY

GREEN, AMBER, RED, ORANGE, GREY = "#1a7f37", "#8a6100", "#c62828", "#b25b00", "#5b6470"
"""Colours of the bar, and behind the white text of the badge: each has a contrast of at least 4.5 : 1 to it."""
SEVERITIES: Mapping[Severity, str] = MappingProxyType({Severity.CRITICAL: RED, Severity.HIGH: ORANGE})
DARK = """
@media (prefers-color-scheme: dark) {
  body, .page { background: #14171a !important; color: #e6e8ea !important; }
  .card { background: #1e2226 !important; }
  .muted, th { color: #a7afb8 !important; }
  .other { background: #1e2226 !important; color: #8cc2ff !important; border-color: #8cc2ff !important; }
}
"""
PAGE = "margin:0;padding:12px;background:#f0f2f4;color:#1b1f23;font:16px/1.45 system-ui,-apple-system,Arial,sans-serif"
CARD = (
    "max-width:600px;margin:0 auto;background:#ffffff;border-radius:6px;padding:16px 18px;border-left:6px solid {};"
    "overflow-wrap:anywhere"
)
BADGE = "display:inline-block;padding:1px 8px;border-radius:9px;color:#ffffff;background:{};font-size:13px"
BUTTON = (
    "display:inline-block;margin:0 8px 8px 0;padding:9px 14px;border-radius:6px;text-decoration:none;font-size:15px;"
    "border:1px solid #0b63c5;background:{};color:{}"
)
LINE = "margin:0 0 8px"
SMALL = "margin:0 0 4px;font-size:13px;color:#57606a"
NAME = "text-align:left;vertical-align:top;padding:3px 12px 3px 0;font-weight:normal;color:#57606a;white-space:nowrap"
VALUE = "vertical-align:top;padding:3px 0"


def page(notice: Notice) -> str:
    """Return the document; one for people outside engineering has title and lines alone."""
    html = Element("html", lang="en")
    head = SubElement(html, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "meta", name="color-scheme", content="light dark")
    _add(head, "title", text.title(notice))
    _add(head, "style", DARK)
    body = SubElement(html, "body", {"class": "page", "style": PAGE})
    card = SubElement(body, "div", {"class": "card", "style": CARD.format(_colour(notice))})
    if notice.plain:
        _news(card, notice)
    else:
        _engineers(card, notice)
    return f"<!doctype html>\n{tostring(html, encoding='unicode', method='html')}\n"


def _engineers(card: Element, notice: Notice) -> None:
    _badge(card, notice)
    _news(card, notice)
    _buttons(card, notice)
    _table(card, brief(notice))
    _details(card, notice)
    _add(card, "p", text.footer(notice), SMALL + ";padding-top:12px", "muted")


def _colour(notice: Notice) -> str:
    """Return the colour of the bar: over, under way, or by severity; the badge says the same in words."""
    known = facts(notice)
    if notice.resolves:
        return GREEN
    # A notice that needs a person keeps its severity's colour, also while a rollback is under way.
    if known is not None and known.next.situation in UNDER_WAY and notice.kind is not NoticeKind.HUMAN_NEEDED:
        return AMBER
    return GREY if notice.plain else SEVERITIES.get(notice.severity, GREY)


def _badge(card: Element, notice: Notice) -> None:
    line = _add(card, "p", "", LINE)
    if notice.progress:
        _add(line, "span", text.clean(notice.progress, 40), BADGE.format(_colour(notice))).tail = " "
    what = f"{notice.severity.value} · {text.clean(notice.service, 80)}"
    _add(line, "span", what, "font-size:13px;color:#57606a", "muted")


def _news(card: Element, notice: Notice) -> None:
    _add(card, "h1", text.title(notice), "margin:0 0 10px;font-size:20px;line-height:1.3")
    for line in text.news(notice):
        _add(card, "p", line, LINE)


def _buttons(card: Element, notice: Notice) -> None:
    """Add a button for each link, the first one filled."""
    line = _add(card, "p", "", "margin:12px 0 8px")
    for place, link in enumerate(text.links(notice)):
        colours, kind = (("#0b63c5", "#ffffff"), "") if place == 0 else (("#ffffff", "#0b63c5"), "other")
        _add(line, "a", text.LABELS.get(link.text, link.text), BUTTON.format(*colours), kind).set("href", link.href)


def _table(card: Element, said: Mapping[str, str]) -> None:
    table = SubElement(card, "table", style="border-collapse:collapse;font-size:14px;width:100%")
    for name, value in said.items():
        row = SubElement(table, "tr")
        _add(row, "th", name, NAME).set("scope", "row")
        _add(row, "td", value, VALUE)


def _details(card: Element, notice: Notice) -> None:
    """Add the evidence, folded; a mail program that cannot fold shows it as small text."""
    found = text.details(notice)
    if not found:
        return
    folded = _add(card, "details", "", "margin-top:12px")
    _add(folded, "summary", "Evidence and arithmetic", "cursor:pointer;font-size:14px;margin-bottom:6px")
    for line in found:
        _add(folded, "p", line, SMALL, "muted")


def _add(parent: Element, tag: str, words: str, style: str = "", kind: str = "") -> Element:
    attributes = {name: value for name, value in (("class", kind), ("style", style)) if value}
    made = SubElement(parent, tag, attributes)
    made.text = words
    return made
