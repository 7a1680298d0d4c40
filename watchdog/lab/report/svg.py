"""A few shapes of SVG. Colours and fonts are classes, which the page's style gives their look in light and dark.

Rule 1: every text passes through `escaped`. Rule 2: a plot has a title, for those who cannot see it.
"""

from collections.abc import Callable, Iterable
from html import escape

from watchdog.lab.report.phrases import plain

Scale = Callable[[float], float]
"""From a value to its place, in units of the drawing."""


def escaped(text: object) -> str:
    """Return the text escaped for an element or an attribute."""
    return escape(plain(text), quote=True)


def drawing(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Return a whole picture."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img"'
    return f"{head}><title>{escaped(title)}</title>{''.join(parts)}</svg>"


def words(x: float, y: float, text: object, css: str = "", anchor: str = "start") -> str:
    """Return one line of text; y is its base line."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{escaped(text)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """Return a straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def dot(x: float, y: float, radius: float, css: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="{css}"/>'


def cross(x: float, y: float, size: float, css: str) -> str:
    """Return an x."""
    where = f"M{x - size:.1f} {y - size:.1f}l{2 * size:g} {2 * size:g}m0 {-2 * size:g}l{-2 * size:g} {2 * size:g}"
    return f'<path d="{where}" class="{css}"/>'


def box(x: float, y: float, width: float, height: float, css: str, strength: float | None = None) -> str:
    """Return a rectangle; `strength` from 0 to 1 is how much of its colour is seen."""
    # By opacity instead of colour, so that the page's style chooses the colour in light and dark.
    shade = "" if strength is None else f' fill-opacity="{strength:.2f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" class="{css}"{shade}/>'


def polygon(points: Iterable[tuple[float, float]], css: str) -> str:
    """Return a filled shape."""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon points="{where}" class="{css}"/>'
