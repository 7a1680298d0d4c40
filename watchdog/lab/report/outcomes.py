"""The actions taken in each class, and every failure with the seed that replays it.

Drawn as a heat map of actions by class: the shade is the frequency, blue is right, orange wrong, a frame the best.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from watchdog.lab.clean_years import Clean
from watchdog.lab.episode_judgement import Played
from watchdog.lab.episode_story import CLEAN, WHATS, why_wrong
from watchdog.lab.report import svg
from watchdog.lab.report.phrases import many, replay_command
from watchdog.lab.score import by_class, kind_of, weighted
from watchdog.replay.confidence_intervals import Estimate

FALSE = "false rollback"
DOINGS = ("rollback", FALSE, "ask", "page", "self-alert", "nothing")
"""The first actions; a false rollback counts as such even if it was not the first action."""
WIDTH, GUTTER, CELL, TOP, ROW = 1080.0, 330.0, 92.0, 40.0, 30.0
FAINTEST = 0.28


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One class: `did` maps an action to its episodes and the right ones among them; `rights` are the best actions."""

    name: str
    words: str
    rights: Sequence[str]
    did: Mapping[str, tuple[int, int]]
    good: Estimate


@dataclass(frozen=True, slots=True)
class ReportFailure:
    """One episode, or clean month, with a wrong decision."""

    name: str
    seed: str
    did: str
    right: str
    why: str
    file: str = ""

    @property
    def command(self) -> str:
        """Return the command line that replays the episode."""
        return replay_command(self.name, self.seed, self.file)

    def json_object(self) -> dict[str, object]:
        """Return the JSON form of it."""
        return {
            "class": self.name,
            "seed": self.seed,
            "did": self.did,
            "right": self.right,
            "why": self.why,
            "command": self.command,
        }


def rows(played: Sequence[Played]) -> list[OutcomeRow]:
    """Return the actions taken, class by class."""
    return [_row(name, found) for name, found in by_class(played).items()]


def _row(name: str, found: Sequence[Played]) -> OutcomeRow:
    did: dict[str, tuple[int, int]] = {}
    for one in found:
        # Named apart also where a page came first: a false rollback is the worst outcome, whatever preceded it.
        doing = FALSE if one.false else one.did
        total, good = did.get(doing, (0, 0))
        did[doing] = (total + 1, good + one.good)
    rights = list(dict.fromkeys(one.right for one in found))
    return OutcomeRow(name, kind_of(found[0]).words, rights, did, weighted([(one.weight, one.good) for one in found]))


def failures(played: Sequence[Played], clean: Sequence[Clean]) -> list[ReportFailure]:
    """Return every failure: of the episodes, then of the clean months."""
    episodes = [one for found in by_class(played).values() for one in found if not one.good]
    return [*(_failure(one) for one in episodes), *_clean(clean)]


def _failure(one: Played) -> ReportFailure:
    kind = kind_of(one)
    # `Played` does not keep the equally good actions; the seed builds the same truth again.
    also = kind.scene(one.seed).truth.also
    right = " or ".join(WHATS[what] for what in (one.right, *sorted(also)))
    did = FALSE if one.false else one.did
    at = f" after {one.at:.0f} s" if one.at is not None else ""
    return ReportFailure(one.name, one.seed, f"{did}{at}", right, why_wrong(one), kind.file)


def _clean(clean: Sequence[Clean]) -> Iterator[ReportFailure]:
    for month in clean:
        if month.rollbacks or month.pages:
            did = f"{many(month.rollbacks, 'rollback')}, {many(month.pages, 'page')}"
            yield ReportFailure(CLEAN, month.seed, did, "nothing", "a month without a fault")


def plot_outcomes(rows: Sequence[OutcomeRow]) -> str:
    """Return the picture."""
    end = GUTTER + CELL * len(DOINGS)
    parts = [
        svg.words(0, 20, "Incident", "head"),
        *(svg.words(GUTTER + (n + 0.5) * CELL, 20, doing, "head", "middle") for n, doing in enumerate(DOINGS)),
        svg.words(end + 14, 20, "right (95 % interval)", "head"),
        *(part for number, row in enumerate(rows) for part in _drawn_row(row, TOP + number * ROW, end)),
    ]
    return svg.drawing(WIDTH, TOP + ROW * len(rows) + 8, "First action in each class of incident", parts)


def _drawn_row(row: OutcomeRow, top: float, end: float) -> Iterator[str]:
    yield svg.words(0, top + 18, row.words, "label")
    everything = sum(total for total, _ in row.did.values())
    for number, doing in enumerate(DOINGS):
        left = GUTTER + number * CELL
        yield svg.box(left + 1, top + 1, CELL - 2, ROW - 4, "empty")
        if doing in row.did:
            yield from _drawn_cell(left, top, *row.did[doing], everything)
        # A ticket is not among the actions: where one is right, doing nothing is the best first action.
        if doing in row.rights or (doing == "nothing" and "ticket" in row.rights):
            yield svg.box(left + 2, top + 2, CELL - 4, ROW - 6, "frame")
    told = f"{100 * row.good.value:.0f} % ({100 * row.good.low:.0f} to {100 * row.good.high:.0f} %)"
    yield svg.words(end + 14, top + 18, told, "label")


def _drawn_cell(left: float, top: float, total: int, good: int, everything: int) -> Iterator[str]:
    css = "cell right" if good * 2 >= total else "cell wrong"
    strength = FAINTEST + (0.85 - FAINTEST) * total / everything
    yield svg.box(left + 1, top + 1, CELL - 2, ROW - 4, css, strength)
    wrong = f" ({total - good} wrong)" if 0 < good < total else ""
    yield svg.words(left + CELL / 2, top + 18, f"{total}{wrong}", "label on" if strength > 0.7 else "label", "middle")
