"""The heat map of actions by class: the shade is the frequency, blue is right, orange wrong, a frame the best."""

from collections.abc import Iterator, Sequence

from watchdog.lab.report import svg
from watchdog.lab.report.outcomes import DOINGS, Row

WIDTH, GUTTER, CELL, TOP, ROW = 1080.0, 330.0, 92.0, 40.0, 30.0
FAINTEST = 0.28


def plot_outcomes(rows: Sequence[Row]) -> str:
    """Return the picture."""
    end = GUTTER + CELL * len(DOINGS)
    parts = [
        svg.words(0, 20, "Incident", "head"),
        *(svg.words(GUTTER + (n + 0.5) * CELL, 20, doing, "head", "middle") for n, doing in enumerate(DOINGS)),
        svg.words(end + 14, 20, "right (95 % interval)", "head"),
        *(part for number, row in enumerate(rows) for part in _row(row, TOP + number * ROW, end)),
    ]
    return svg.drawing(WIDTH, TOP + ROW * len(rows) + 8, "First action in each class of incident", parts)


def _row(row: Row, top: float, end: float) -> Iterator[str]:
    yield svg.words(0, top + 18, row.words, "label")
    everything = sum(total for total, _ in row.did.values())
    for number, doing in enumerate(DOINGS):
        left = GUTTER + number * CELL
        yield svg.box(left + 1, top + 1, CELL - 2, ROW - 4, "empty")
        if doing in row.did:
            yield from _cell(left, top, *row.did[doing], everything)
        # A ticket is not among the actions: where one is right, doing nothing is the best first action.
        if doing in row.rights or (doing == "nothing" and "ticket" in row.rights):
            yield svg.box(left + 2, top + 2, CELL - 4, ROW - 6, "frame")
    told = f"{100 * row.good.value:.0f} % ({100 * row.good.low:.0f} to {100 * row.good.high:.0f} %)"
    yield svg.words(end + 14, top + 18, told, "label")


def _cell(left: float, top: float, total: int, good: int, everything: int) -> Iterator[str]:
    css = "cell right" if good * 2 >= total else "cell wrong"
    strength = FAINTEST + (0.85 - FAINTEST) * total / everything
    yield svg.box(left + 1, top + 1, CELL - 2, ROW - 4, css, strength)
    wrong = f" ({total - good} wrong)" if 0 < good < total else ""
    yield svg.words(left + CELL / 2, top + 18, f"{total}{wrong}", "label on" if strength > 0.7 else "label", "middle")
