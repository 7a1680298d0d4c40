"""Badges: one state or one share as a small picture (SVG) for other pages. Pure.

Rule: a badge needs no font and no style of its own, names nothing but what its status page names, and says in words
what its colour says.
"""

import re
from collections.abc import Iterable

from markupsafe import escape

COLOURS = {"operational": "#17784a", "degraded": "#a65f00", "outage": "#c0202b", "unknown": "#565b7c"}
"""By state; white text is readable on each (contrast 4.5 and more)."""
NEUTRAL, LABEL = "#565b7c", "#3a424b"
GOOD_SHARE, FAIR_SHARE = 0.999, 0.98
SLUG_MAX = 40
NARROW, WIDE = "fijlrtI.,:;|!' ()", "mwMW@%ABCDEFGHKNOPQRUVXYZ"
HEIGHT, PAD = 20, 7


def badge(label: str, value: str, colour: str) -> bytes:
    """Return a badge: the label on grey, the value on its colour."""
    left, right = width(label), width(value)
    whole, said = left + right, escape(f"{label}: {value}")
    texts = "".join(
        f'<text x="{x}" y="14" textLength="{wide - 2 * PAD}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
        for x, wide, text in ((PAD, left, label), (left + PAD, right, value))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{HEIGHT}" role="img" aria-label="{said}">'
        f"<title>{said}</title>"
        f'<rect width="{whole}" height="{HEIGHT}" rx="3" fill="{LABEL}"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z" fill="{colour}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">{texts}</g></svg>'
    ).encode("utf-8", "replace")


def state_badge(label: str, state: str) -> bytes:
    """Return the badge of a state: `status | operational`."""
    return badge(label, state, COLOURS[state])


def share_badge(label: str, share: float | None, shown: str) -> bytes:
    """Return the badge of a share of time: `uptime 90 d | 99.95 %`."""
    if share is None:
        return badge(label, "no data", NEUTRAL)
    states = "operational" if share >= GOOD_SHARE else "degraded" if share >= FAIR_SHARE else "outage"
    return badge(label, shown, COLOURS[states])


def width(text: str) -> int:
    """Return the width of a text with its padding, in pixels; the text is then fitted to it by the browser."""
    # Measured on Verdana at 11 px, as the common badges are; letters of other alphabets count as wide ones.
    units = sum(4.3 if one in NARROW else 8.4 if one in WIDE else 6.9 if one.isascii() else 9.0 for one in text)
    return round(units) + 2 * PAD


def slugs(names: Iterable[str]) -> list[str]:
    """Return a word for the address of each name, in order: `web-shop`; no two are the same."""
    found: list[str] = []
    for name in names:
        word = re.sub(r"[^a-z0-9]+", "-", name.lower())[:SLUG_MAX].strip("-") or "service"
        number, made = 2, word
        while made in found:
            number, made = number + 1, f"{word}-{number}"
        found.append(made)
    return found
