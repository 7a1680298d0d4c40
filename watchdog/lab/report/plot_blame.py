"""The reliability diagram: stated probability against observed share by tenths, with intervals and the allowed band."""

from collections.abc import Iterator, Mapping, Sequence

from watchdog.lab.report import phrases, svg

WIDTH, SIDE, LEFT, TOP, FOOT = 1080.0, 420.0, 90.0, 20.0, 56.0
ALLOWED = 0.05
Tenth = Mapping[str, float]


def plot_blame(tenths: Sequence[Tenth], facts: Sequence[str]) -> str:
    """Return the picture; `facts` are lines beside it."""
    parts = [
        *_axes(),
        *(part for tenth in tenths for part in _mark(tenth)),
        *(svg.words(LEFT + SIDE + 40, TOP + 30 + 26 * number, fact, "fact") for number, fact in enumerate(facts)),
    ]
    return svg.drawing(WIDTH, TOP + SIDE + FOOT, "Stated probability of blame against the observed share", parts)


def _x(value: float) -> float:
    return LEFT + value * SIDE


def _y(value: float) -> float:
    return TOP + (1.0 - value) * SIDE


def _axes() -> Iterator[str]:
    corners = ((0, 0), (0, ALLOWED), (1 - ALLOWED, 1), (1, 1), (1, 1 - ALLOWED), (ALLOWED, 0))
    yield svg.polygon([(_x(x), _y(y)) for x, y in corners], "band")
    for tenth in range(0, 11, 2):
        value = tenth / 10
        yield svg.line(_x(value), _y(0), _x(value), _y(1), "grid")
        yield svg.line(_x(0), _y(value), _x(1), _y(value), "grid")
        yield svg.words(_x(value), _y(0) + 18, f"{10 * tenth} %", "soft", "middle")
        yield svg.words(_x(0) - 8, _y(value) + 4, f"{10 * tenth} %", "soft", "end")
    yield svg.line(_x(0), _y(0), _x(1), _y(1), "bound")
    yield svg.words(_x(0.5), _y(0) + 42, "stated probability of blame", "head", "middle")
    told = svg.words(0, 0, "observed share", "head", "middle")
    yield f'<g transform="translate(22 {_y(0.5):.0f}) rotate(-90)">{told}</g>'


def _mark(tenth: Tenth) -> Iterator[str]:
    x = _x(tenth["predicted"])
    yield svg.line(x, _y(tenth["low"]), x, _y(tenth["high"]), "whisker")
    # The root makes the area of a dot grow with its share; the constant keeps rare tenths visible.
    yield svg.dot(x, _y(tenth["value"]), 3.0 + 8.0 * tenth["share"] ** 0.5, "ours mark")


def facts(ece: float | None, brier: float | None, worst: float, count: float) -> list[str]:
    """Return the lines beside the diagram."""
    shown = [phrases.NOT_MEASURED if one is None else phrases.number(one) for one in (ece, brier)]
    return [
        f"Mean error (ECE): {shown[0]}",
        f"Brier score: {shown[1]}",
        f"Largest error of a bin: {phrases.number(worst)}",
        f"Effective sample: {count:.0f} deploys, blamed or cleared",
        "On the line: exact. In the band: within 0.07.",
        "Size of a dot: its share of the realistic mix.",
        "Whisker: 95 % interval.",
    ]
