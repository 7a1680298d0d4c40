"""The report: well formed, complete, the same numbers in page, Markdown and JSON; nothing foreign becomes markup."""

import json
import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from math import inf
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.made_once import made_once
from watchdog.app.commands.episode_run import story
from watchdog.app.commands.score_run import Scored, score
from watchdog.cli.main import main
from watchdog.lab.classes import CLASSES
from watchdog.lab.clean_years import Clean
from watchdog.lab.episode_judgement import Played
from watchdog.lab.ranking import OURS
from watchdog.lab.report import Report, write
from watchdog.lab.report.bar import Bar, Reached
from watchdog.lab.report.bars import P95_EPISODES, bars
from watchdog.lab.report.cost_chart import plot_ladder
from watchdog.lab.report.delays import GUTTER, Delays, plot_delays, quantile
from watchdog.lab.report.outcomes import plot_outcomes
from watchdog.lab.report.phrases import interval, many, number, percent, replay_command, seconds
from watchdog.lab.report.plot_blame import plot_blame
from watchdog.lab.report.renderers import markdown, page
from watchdog.lab.score import (
    INCIDENTS_PER_YEAR,
    Bin,
    brier,
    calibration,
    ece,
    false_rollbacks_of_incidents,
    mix,
    precision,
    sure_error,
    with_slow_starts,
)
from watchdog.replay.confidence_intervals import Estimate, wilson

pytestmark = pytest.mark.long

SEED = "<i>&\"'|`*"
"""What would break a page, a table or a shell, if it could."""
EPISODES = 1
VOID = {"meta", "link", "br", "hr", "img"}


class Tags(HTMLParser):
    """Counts on every tag being closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.seen.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It must be the last one opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        self.text.append(data)


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Two classes in which it fails now and then, two in which it does not; one episode each, and the rivals."""
    names = ["hard-down", "latency-creep", "other-incident", "restart-blip"]
    play = partial(score, SEED, names=names, episodes=EPISODES, clean_years=0.0, processes=1)
    found: Scored = made_once("scored", play, tmp_path_factory)
    return found


@pytest.fixture(scope="session")
def report(scored: Scored) -> Report:
    """The report of that, with a clean month that was not clean."""
    return replace(
        scored.report(), clean=[Clean("m<b>", 30 / 365.25, 1, 2, 0, 0), Clean("ok", 30 / 365.25, 0, 0, 0, 0)]
    )


def test_the_rivals_play_the_same_episodes(scored: Scored) -> None:
    """Each decider has a row, and the comparison its interval; the ranking is looked at with three weights."""
    episodes = EPISODES * (3 + 1 + 6 + 2)  # what counts most is played most
    assert {len(played) for played in scored.everyone.values()} == {episodes}
    assert len(scored.everyone) >= 30
    result = scored.json_object()
    ratio, ranking = result["cost_ratio_best_rival"], result["ranking"]
    assert isinstance(ratio, dict) and ratio["n"] == episodes and ratio["low"] <= ratio["value"] <= ratio["high"]
    assert isinstance(ranking, dict) and set(ranking["best_rival"]) == {"0.33", "1.00", "3.00"}


def parsed(text: str) -> Tags:
    """Read a page to its end."""
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


def marks(svg: str, css: str) -> int:
    """Count the shapes of a class."""
    return len(re.findall(rf'class="{css}"', svg))


def test_the_page_is_well_formed_and_needs_nothing_else(report: Report) -> None:
    """Every tag closed, four pictures that are XML, no script, no address."""
    text = page(report)
    tags = parsed(text)
    assert tags.seen.count("svg") == 4 and "script" not in tags.seen
    for picture in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg|\w+\.example)", text)


def test_every_failure_is_listed_with_its_seed_and_command(report: Report) -> None:
    """In all three files; the clean month too."""
    failed = [(one.name, one.seed) for one in report.ours if not one.good]
    assert failed, "a seed in which something fails"
    wanted = {*failed, ("clean", "m<b>")}
    assert {(one.name, one.seed) for one in report.failures} == wanted
    text = "".join(parsed(page(report)).text)
    for name, seed in wanted:
        assert replay_command(name, seed) in text
    assert {(one["class"], one["seed"]) for one in report.json_object()["failures"]} == wanted
    assert markdown(report).count("watchdog lab episode") == len(wanted)


def test_the_numbers_of_the_page_are_those_of_the_json(report: Report) -> None:
    """Each bar's value, interval and verdict, in the page and in the Markdown."""
    found = json.loads(json.dumps(report.json_object(), allow_nan=False))
    text = "".join(parsed(page(report)).text)
    for bar, told in zip(report.bars, found["bars"], strict=True):
        assert told["reached"] == bar.reached.value
        if told["found"] is not None:
            assert bar.found.value == pytest.approx(told["found"]["value"])
            assert bar.show(told["found"]["value"]) in text and bar.show(told["found"]["low"]) in text
    assert f"(ECE): {number(found['blame_ece'])}" in text
    assert f"Brier score: {number(found['blame_brier'])}" in text
    assert found["ladder"][0]["avoidable_minutes"]["1.00"] == min(
        found["ranking"]["avoidable_minutes"][one["name"]]["1.00"] for one in found["ladder"]
    )


def test_foreign_text_stays_text(report: Report) -> None:
    """A seed with tags, quotes and table marks."""
    assert "<i>" not in page(report)
    assert "&lt;i&gt;&amp;&#34;&#39;|`*" in page(report)
    cells = [line for line in markdown(report).splitlines() if line.startswith("| Seed")]
    assert cells == ["| Seed (a hash of the defaults and of the classes, unless chosen) | \\<i\\>\\&\"'\\|\\`\\* |"]
    assert replay_command("leak", "a\x1b[31m b") == "watchdog lab episode leak 'a [31m b'"


def test_the_plots_have_as_many_marks_as_data(report: Report) -> None:
    """An episode, a decider, a kind of outcome, a tenth: one mark each."""
    plot = plot_delays(report.delays)
    urgent = [one for one in report.ours if one.right not in ("nothing", "ticket")]
    assert marks(plot, "ours") == sum(one.good for one in urgent)
    assert marks(plot, "miss") == sum(not one.good for one in urgent)
    assert marks(plot, "bound") + marks(plot, "bound never") == len(urgent)
    assert report.ranking is not None
    steps = plot_ladder(report.ladder, 1.0)
    families = len({step.family for step in report.ladder})
    assert marks(steps, "bar ours") == 1 and marks(steps, "bar rival") == families - 1 == 22
    cells = plot_outcomes(report.rows)
    assert marks(cells, "cell right") + marks(cells, "cell wrong") == sum(len(row.did) for row in report.rows)
    assert sum(total for row in report.rows for total, _ in row.did.values()) == len(report.ours)
    tenths = report.numbers["blame_calibration"]
    assert marks(plot_blame(tenths, []), "ours mark") == marks(plot_blame(tenths, []), "whisker") == len(tenths) > 0


def test_no_name_of_a_class_runs_into_the_marks() -> None:
    """Thirteen pixels high, a letter is seven wide or less."""
    assert max(len(one.words) for one in CLASSES) * 7.0 < GUTTER


def test_the_report_without_rivals_says_so(scored: Scored) -> None:
    """Nothing is invented: no bound, no ladder, not measured."""
    alone = Scored(SEED, {OURS: scored.ours}, [], {}, 0.0).report()
    parsed(page(alone))
    assert "the rivals were not simulated" in page(alone) and "not measured" in markdown(alone)
    assert {bar.key: bar.reached for bar in alone.bars}["cost_ratio_best_rival"] is Reached.UNKNOWN
    assert [one.bound for one in alone.delays] == [()] * len(alone.delays)


def test_three_files_are_written(report: Report, tmp_path: Path) -> None:
    """JSON without infinities, which JSON does not have."""
    files = write(report, tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["report.html", "report.md", "report.json"]
    rate = json.loads(files[2].read_text("utf-8"))["false_pages_per_service_year"]
    assert rate["high"] is None and rate["value"] == 0.0


@pytest.mark.parametrize(
    ("found", "unmet", "reached"),
    [
        (Estimate(0.98, 0.971, 0.99, 900), "", Reached.YES),
        (Estimate(0.98, 0.96, 0.99, 90), "", Reached.BARELY),
        (Estimate(0.96, 0.9, 0.99, 90), "", Reached.NO),
        (Estimate(0.98, 0.971, 0.99, 900), "and more", Reached.NO),
    ],
)
def test_a_bar_is_reached_by_its_value_and_certain_by_its_interval(
    found: Estimate, unmet: str, reached: Reached
) -> None:
    """And whatever else it asks for must be so."""
    assert Bar("k", "what", "97 %", found, str, 0.97, "n", at_least=True, unmet=unmet).reached is reached
    assert Bar("k", "what", "97 %", found, str, 0.97, "n", measured=False).reached is Reached.UNKNOWN


def test_few_delays_give_no_upper_end(report: Report) -> None:
    """Of a few deploys nobody knows the 95th percentile: reached, but not certain; of 72 the largest is enough."""

    def hard(n: int) -> Bar:
        one = {"value": 60.0, "low": 59.0, "high": 61.0, "n": n}
        delays = dict.fromkeys(report.numbers["rollback_request_delay_p95_seconds"], one)
        found = bars({**report.numbers, "rollback_request_delay_p95_seconds": delays})
        return next(bar for bar in found if bar.key == "delay_p95_hard")

    assert (hard(P95_EPISODES - 1).found.high, hard(P95_EPISODES - 1).reached) == (inf, Reached.BARELY)
    assert (hard(P95_EPISODES).found.high, hard(P95_EPISODES).reached) == (61.0, Reached.YES)
    assert 0.95**P95_EPISODES < 0.025 < 0.95 ** (P95_EPISODES - 1)


def test_numbers_are_shown_as_people_say_them() -> None:
    """One month, two months; an interval without an end has none; no digits that say nothing."""
    assert (many(1, "month"), many(2, "month"), many(0, "page")) == ("1 month", "2 months", "0 pages")
    assert interval(Estimate(60.0, 59.0, inf, 3), seconds) == "59 s or more"
    assert interval(Estimate(0.5, 0.25, 0.755, 3), percent) == "25.0 % to 75.5 %"
    assert (seconds(599.0), seconds(1500.0), number(0.05), number(2.0)) == ("599 s", "25 min", "0.05", "2")


def test_misses_count_as_the_horizon() -> None:
    """In the median and p95; what came early is at zero."""
    one = Delays("leak", "words", 100.0, (10.0, None, -5.0), (1.0, None, 2.0))
    assert (one.missed, one.of_ours(0.5), one.of_ours(0.95), one.of_bound(0.5)) == (1, 10.0, 100.0, 2.0)
    assert [one.at(value) for value in one.ours] == [10.0, 100.0, 0.0]
    assert [quantile([3.0, 1.0, 2.0, 4.0], share) for share in (0.0, 0.25, 0.26, 0.5, 1.0)] == [1.0, 1.0, 2.0, 2.0, 4.0]


def played(name: str, blame: float, guilty: bool) -> Played:
    """One episode in which somebody was blamed."""
    return Played(name, "s", "page", "page", True, blame=blame, guilty=guilty)


def test_what_a_year_has_of_false_rollbacks_and_slow_starts_is_computed_by_hand() -> None:
    """One of two others (0.6 of 58 incidents a year) is rolled back wrongly; slow starts come in 1 of 50 incidents."""
    right = [Played("hard-down", f"s{n}", "rollback", "rollback", True, rollbacks=1, guilty=True) for n in range(2)]
    wrong = Played("other-incident", "s0", "page", "rollback", False, rollbacks=1, false=True)
    spared = Played("other-incident", "s1", "page", "page", True)
    slow = Played("blip-tail", "s0", "page", "rollback", False, rollbacks=1, false=True)
    played = [*right, wrong, spared, slow]
    found = false_rollbacks_of_incidents(played, mix(played))
    assert found.value == pytest.approx(0.3 * INCIDENTS_PER_YEAR) and found.low < found.value < found.high
    assert precision(played, mix(played)).value == pytest.approx(0.4 / 0.7)
    assert precision(played, with_slow_starts(played)).value == pytest.approx(0.4 / 0.72)


def test_ece_and_brier_are_those_computed_by_hand() -> None:
    """Four deploys' incidents weigh 0.1 each, two others 0.3 each (0.4 and 0.6 in the mix)."""
    blamed = ((0.95, True), (0.95, True), (0.55, True), (0.55, False))
    hard = [played("hard-down", chance, guilty) for chance, guilty in blamed]
    other = [played("other-incident", chance, False) for chance in (0.05, 0.95)]
    weight = mix([*hard, *other])
    assert (weight(hard[0]), weight(other[0])) == pytest.approx((0.1, 0.3))
    bins = calibration([*hard, *other], weight)
    assert [one.share for one in bins] == pytest.approx([0.3, 0.2, 0.5])
    assert [one.actual.value for one in bins] == pytest.approx([0.0, 0.5, 0.4])
    assert ece(bins) == pytest.approx(0.3 * 0.05 + 0.2 * 0.05 + 0.5 * 0.55)
    by_hand = 0.1 * (2 * 0.05**2 + 0.45**2 + 0.55**2) + 0.3 * (0.05**2 + 0.95**2)
    assert brier([*hard, *other], weight) == pytest.approx(by_hand)
    assert sure_error(bins[:2]) == 0.0, "three episodes are chance"
    assert sure_error(bins) == pytest.approx(0.55), "0.95 is outside of what two of three guilty ones leave possible"
    assert sure_error([*bins[:2], Bin(0.9, wilson(80, 100)), Bin(0.2, wilson(24, 100))]) == pytest.approx(0.1)


def test_without_blame_there_is_no_error_to_speak_of() -> None:
    """Nothing, not zero: nobody was blamed. And a perfect one is perfect."""
    assert ece([]) is None and brier([], {}) is None
    assert ece([Bin(1.0, wilson(5, 5), 1.0)]) == 0.0


def test_an_episode_is_told_and_judged(report: Report) -> None:
    """The truth, the core's own lines by the second, the verdict; a failure of the report fails again."""
    lines, good = story("hard-down", "loop")
    text = "\n".join(lines)
    assert good and lines[-1].split() == ["VERDICT", "right"]
    assert re.search(r"TRUTH +commit \w+ of web is the cause, 100% of requests fail", text)
    assert re.search(r"\+\d+\.\d s  web +CRITICAL", text) and re.search(r"s  web +DID +rollback to \w+", text)
    failure = report.failures[0]
    lines, good = story(failure.name, failure.seed)
    assert not good and lines[-1].endswith(failure.why)


def test_the_commands_are_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`lab score --report FOLDER`, `lab episode CLASS SEED`, and what is said where that cannot be."""
    words = ["lab", "score", "--episodes", "1", "--clean-years", "0", "--classes", "restart-blip", "--processes", "1"]
    assert main([*words, "--no-rivals", "--seed", "t", "--report", str(tmp_path / "r")]) == 0
    assert (tmp_path / "r" / "report.html").stat().st_size > 5000
    (tmp_path / "file").write_text("")
    assert main([*words, "--report", str(tmp_path / "file")]) == 2
    assert main(["lab", "episode", "restart-blip", "t-0"]) == 0
    assert main(["lab", "episode", "no-such", "t-0"]) == 2
    assert main(["lab", "score", "--seed", "dev-1", "--episodes", "0", "--clean-years", "0", "--no-rivals"]) == 0
    told = capsys.readouterr()
    assert "not played on 'dev-1' unless named: overlap, no-help, blip-tail" in told.err
    assert "cannot write the report" in told.err and "no fault class 'no-such'" in told.err
    assert "restart-blip: good deploy, restart fails for 5 to 40 s (seed t-0)" in told.out
