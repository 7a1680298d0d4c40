"""History from elsewhere, imported as a user would, and replayed: what it says, refuses, and leaves alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.cli.conftest import answer as typed
from watchdog.adapters.recordings.recording_format import Head
from watchdog.adapters.recordings.recording_reader import Reader
from watchdog.app.commands.import_history import PROBES
from watchdog.app.commands.replay_run import answer
from watchdog.cli.lab.lab_import import Kind, SignalKind
from watchdog.domain.policy import Mode, SignalPolicy
from watchdog.domain.readings import Good
from watchdog.replay.imports import IMPORTERS
from watchdog.replay.imports.history import Wanted
from watchdog.settings.load.load import load

BEGIN = 1_700_000_000
OF_WEB = ("csv", "probes.csv", "--service", "web", "--signal", "home")
WITH = "csv probes.csv --service web --deploys deploys.csv"
OLD, BAD = "aaaa1111", "bbbb2222"
CONFIG = """\
version: 1
mode: autonomous
services:
  web:
    render: shop-frontend
    signals:
      home:   {http: https://www.acme.example}
      api:    {latency: https://www.acme.example/api, p95: 800ms}
      errors: {sentry: acme/web}
channels: {console: {}}
control: []
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def probes(path: Path, count: int, bad: range = range(0), every: int = 10) -> Path:
    kinds = ["no,0.12,status" if n in bad else "yes,0.12," for n in range(count)]
    rows = [f"{BEGIN + n * every},{kind}" for n, kind in enumerate(kinds)]
    path.write_text("\n".join(["time,ok,seconds,why", *rows]), encoding="utf-8")
    return path


def deploys(path: Path, bad_at: int) -> Path:
    """Write a CSV of a good deploy of the day before, and a bad one."""
    path.write_text(f"time,commit,id\n{BEGIN - 86400},{OLD},dep-40\n{bad_at},{BAD},dep-41\n", encoding="utf-8")
    return path


def prometheus(path: Path, values: Sequence[float | str], step: int = 60) -> Path:
    pairs = [[BEGIN + n * step, str(value)] for n, value in enumerate(values)]
    data = {"resultType": "matrix", "result": [{"metric": {"job": "web"}, "values": pairs}]}
    path.write_text(json.dumps({"status": "success", "data": data}), encoding="utf-8")
    return path


def imported(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    return json.loads(typed(capsys, "lab", "import", *words, "--out", "rec", "--json"))


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Type `lab import` wrongly and return what it says; nothing is written."""
    said = typed(capsys, "lab", "import", *words, "--out", "rec", code=2)
    assert not Path("rec").exists() or not list(Path("rec").iterdir())
    return said


def test_a_bad_deploy_of_the_past_would_be_rolled_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Imported, replayed the same byte for byte; with the mode autonomous it would have gone back to the good one."""
    probes(folder / "probes.csv", 400, range(200, 240))
    deploys(folder / "deploys.csv", BEGIN + 1980)
    made = imported(capsys, *OF_WEB, "--deploys", "deploys.csv", "-c", "own.yaml")
    assert (made["readings"], made["deploys"], made["every_seconds"]) == (400, 2, 10.0)
    assert any("api, errors" in note for note in made["notes"])
    assert "would roll back to dep-40" in typed(capsys, "lab", "replay", "rec")
    found = answer([folder / "rec"], load(folder / "own.yaml", {}, folder, secretless=True))
    assert found.replay.divergence is None
    (act,) = [one for one in found.replay.new if one.kind == "pin"]
    assert not [one for one in found.replay.old if one.is_act]
    (decided,) = [one for one in found.replay.new if one.kind == "decided"]
    assert decided.target == "dep-40" and act.at == decided.at and found.unknown_from == act.at


def test_the_recording_is_of_a_daemon_that_only_watched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the configuration allows: nobody acted in that past. What nobody looked at is not in the policy.

    In words: how much, at which pace, every note, and what to type next.
    """
    probes(folder / "probes.csv", 30, range(0), every=60)
    told = typed(capsys, "lab", "import", *OF_WEB, "-c", "own.yaml", "--out", "rec").splitlines()
    assert told[0].startswith("30 readings, one every 60 s, 0 deploys, ")
    assert any("gaps of that length" in line for line in told) and told[-1].endswith("watchdog lab replay rec")
    (file,) = (folder / "rec").iterdir()
    head = Reader(file).head()
    assert isinstance(head, Head) and file.stat().st_mode & 0o777 == 0o600
    web = head.policy.services["web"]
    assert web.mode is Mode.OBSERVE and [one.name for one in web.signals] == ["home"] and web.platform_id
    assert (head.policy.control, dict(head.policy.vendors)) == ((), {})


def test_without_deploys_nobody_is_blamed_and_it_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same outage: a page, and no word of a rollback."""
    probes(folder / "probes.csv", 400, range(200, 240))
    made = imported(capsys, *OF_WEB)
    assert any("no deploy can be blamed" in note for note in made["notes"])
    assert any("shipped defaults" in note for note in made["notes"])
    found = answer([folder / "rec"], None).replay
    assert [one.kind for one in found.old] == ["decided", "page", "tell"]


@pytest.mark.parametrize(
    ("signal", "values", "decided"),
    [
        ("home", [1] * 30 + [0] * 20, "page (critical)"),
        ("home", [1.0] * 30 + [0.4] * 20, "page (critical)"),
        ("home", [1.0, "NaN", 0.999] * 20, None),
        ("errors", [2] * 40 + [90] * 10, "tell (medium)"),
        ("errors", [2] * 50, None),
    ],
)
def test_the_kind_of_the_signal_says_what_prometheus_measured(
    folder: Path, capsys: pytest.CaptureFixture[str], signal: str, values: Sequence[float | str], decided: str | None
) -> None:
    """Successes 1 or 0, shares of a step, errors per minute: an outage is one in each, quiet is quiet."""
    prometheus(folder / "range.json", values)
    imported(capsys, "prometheus", "range.json", "--service", "web", "--signal", signal, "-c", "own.yaml")
    found = answer([folder / "rec"], None).replay
    assert found.divergence is None
    courses = [one.what for one in found.old if one.kind == "decided"]
    assert [what.startswith(decided or "") for what in courses[:1]] == ([True] if decided else [])


@pytest.mark.parametrize(
    ("kind", "values", "moments"),
    [
        ("http", [1, 0], [(0, True), (60, False)]),
        ("http", [0.5, 1], [(-30, True), (0, False), (30, True), (60, True)]),  # of the step before each value
        ("latency", [0.1, 0.2], [(0, True), (60, True)]),
    ],
)
def test_each_value_is_dated_to_when_it_was_measured(
    folder: Path, kind: str, values: Sequence[float], moments: list[tuple[float, bool]]
) -> None:
    """A step too late, a deploy in that step would be acquitted of what it caused."""
    signal = SignalPolicy("home", kind, every_seconds=30.0)
    read = IMPORTERS["prometheus"]([prometheus(folder / "range.json", values)], Wanted("web", signal))
    assert [(one.at - BEGIN, isinstance(one.reading, Good)) for one in read.observed] == moments


@pytest.mark.parametrize(("step", "quick", "slow"), [(60, 30, 30), (5, 300, 80)])
def test_slowness_is_found_in_a_history_whatever_its_pace(
    folder: Path, capsys: pytest.CaptureFixture[str], step: int, quick: int, slow: int
) -> None:
    """One reading a minute is few for a percentile over two minutes; thirty slow ones are enough all the same."""
    prometheus(folder / "series.json", [0.1] * quick + [3.0] * slow, step=step)
    made = imported(capsys, "prometheus", "series.json", "--service", "web", "--signal", "api", "-c", "own.yaml")
    assert made["every_seconds"] == float(step)
    (file,) = (folder / "rec").iterdir()
    assert next(one.kind for one in answer([file], None).replay.old) == "decided"


def test_an_outage_in_upptime_is_one_here(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both of its shapes; states are held from row to row, and what was made of them is said."""
    states = [(0, "up", 200, 120), (3600, "down", 503, 40), (7200, "up", 200, 99), (10800, "up", 200, 98)]
    rows = [f"{BEGIN + at},Shop,{state},{code},{ms}" for at, state, code, ms in states]
    header, other = "unix_time,site,state,http_code,response_ms", f"{BEGIN},Docs,down,0,0"
    (folder / "history.csv").write_text("\n".join([header, other, *rows]), encoding="utf-8")
    commits = [f"{BEGIN + at} 🟩 Shop is {state} ({code} in {ms} ms) [skip ci]" for at, state, code, ms in states]
    (folder / "log.txt").write_text("\n".join([":bento: Update graphs", *commits]), encoding="utf-8")
    words = ("--service", "web", "--signal", "home")
    assert "choose one with --site: Docs, Shop" in refused(capsys, "upptime", "history.csv", *words)
    files = (["history.csv", "--site", "Shop"], ["log.txt"])
    read = [imported(capsys, "upptime", *file, *words) for file in files]
    assert [made["readings"] for made in read] == [39, 39] and read[0]["every_seconds"] == 300.0
    assert any("three failed tries" in note for note in read[0]["notes"])
    assert len(list((folder / "rec").iterdir())) == 1, "the same history is written once"
    found = answer([folder / "rec"], None).replay
    assert [one.kind for one in found.old][:2] == ["decided", "page"]


def timeseries(counts: Sequence[int]) -> dict[str, Any]:
    """Return counts as Sentry's `events-timeseries` has them, the last minute incomplete."""
    times = [(BEGIN + n * 60) * 1000 for n in range(len(counts))]
    values = [{"timestamp": at, "value": count, "incomplete": False} for at, count in zip(times, counts, strict=True)]
    values[-1]["incomplete"] = True
    return {"timeSeries": [{"meta": {"interval": 60000}, "values": values}]}


def stats_v2(counts: Sequence[int]) -> dict[str, Any]:
    groups = [{"by": {"outcome": one}, "series": {"sum(quantity)": counts}} for one in ("accepted", "rate_limited")]
    return {"intervals": [f"2026-11-25T00:{n:02}:00Z" for n in range(len(counts))], "groups": groups}


def events_stats(counts: Sequence[int]) -> dict[str, Any]:
    return {"data": [[BEGIN + n * 60, [{"count": count}]] for n, count in enumerate(counts)]}


@pytest.mark.parametrize("shape", [timeseries, events_stats, stats_v2])
def test_a_flood_in_sentry_is_found(folder: Path, capsys: pytest.CaptureFixture[str], shape: Any) -> None:
    (folder / "counts.json").write_text(json.dumps(shape([1] * 40 + [80] * 6)), encoding="utf-8")
    made = imported(capsys, "sentry", "counts.json", "--service", "web", "--signal", "errors")
    assert made["every_seconds"] == 60.0 and any("90 s after" in note for note in made["notes"])
    (decided, *_) = [one for one in answer([folder / "rec"], None).replay.old if one.kind == "decided"]
    assert decided.what.startswith("tell (medium)"), "known errors, and nothing counted the requests: a crowd's, too"


UPPTIME = "unix_time,site,state,http_code,response_ms\n1700000000,Shop,sick,200,1"


def matrix(values: str, kind: str = "matrix") -> str:
    return f'{{"status": "success", "data": {{"resultType": "{kind}", "result": [{values}]}}}}'


WRONG: dict[str, tuple[str, str, str, str]] = {
    "no header": ("csv", "1700000000,true", "bad.csv:1: no column time", "home"),
    "a strange column": ("csv", "time,ok,latency\n1,1,1", "bad.csv:1: a column 'latency' is not known", "home"),
    "not a time": ("csv", "time,ok\n1700000000,1\nyesterday,1", "bad.csv:3: 'yesterday' is not a time", "home"),
    "milliseconds": ("csv", "time,ok\n1700000000000,1", "bad.csv:2: 1700000000000 is not a time in epoch", "home"),
    "neither yes nor no": ("csv", "time,ok\n1700000000,maybe", "bad.csv:2: ok: 'maybe' is neither", "home"),
    "not a number": ("csv", "time,ok,seconds\n1700000000,1,fast", "bad.csv:2: seconds: 'fast' is not a number", "home"),
    "too many columns": ("csv", "time,ok\n1700000000,1,2,3", "bad.csv:2: more than 2 columns", "home"),
    "nothing": ("csv", "time,ok\n", "bad.csv: there is not one reading in it", "home"),
    "torn JSON": ("prometheus", '{"status": "success",\n"data": {', "bad.csv:2: not JSON", "home"),
    "an error": ("prometheus", '{"status": "error"}', "bad.csv: not an answer of Prometheus that succeeded", "home"),
    "a vector": ("prometheus", matrix("", "vector"), "bad.csv: not a range of values", "home"),
    "no series": ("prometheus", matrix(""), "bad.csv: 0 series", "home"),
    "per cent": ("prometheus", matrix('{"values": [[1700000000, "99.5"]]}'), "bad.csv: values[0]: 99.5 is no", "home"),
    "no pair": ("prometheus", matrix('{"values": [[1700000000]]}'), "bad.csv: values[0]: not a pair", "home"),
    "endless": ("prometheus", matrix(f'{{"values": [[{"9" * 400}, "1"]]}}'), "bad.csv: values[0]: not a pair", "home"),
    "digits": ("sentry", f'{{"data": [[{"9" * 5000}, 1]]}}', "bad.csv: not JSON of this kind", "errors"),
    "too early": ("csv", "time,ok\n1901-01-01T00:00:00Z,1", "bad.csv:2: 1901-01-01T00:00:00Z is not a time", "home"),
    "not Upptime's": ("upptime", "hello", "bad.csv: no state of any site", "home"),
    "no state": ("upptime", UPPTIME, "bad.csv:2: state: 'sick'", "home"),
    "not Sentry's": ("sentry", "[1, 2]", "bad.csv: not an answer of Sentry", "errors"),
    "two series": ("sentry", '{"timeSeries": [{}, {}]}', "bad.csv: not one series of counts", "errors"),
    "the wrong signal": ("sentry", '{"data": []}', "web: home is a signal of kind http", "home"),
    "no such signal": ("csv", "time,ok\n1700000000,1", "front: web has no such signal", "front"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_used_is_named_and_where(folder: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """File, line, and what to do; exit 2, and nothing half written."""
    kind, text, said, signal = WRONG[what]
    (folder / "bad.csv").write_text(text, encoding="utf-8")
    told = refused(capsys, kind, "bad.csv", "--service", "web", "--signal", signal, "-c", "own.yaml")
    assert told.startswith(said) and " -> " in told


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        ("csv --service web", "", "lab import: no file named"),
        ("csv gone.csv --service web", "", "gone.csv: cannot be read"),
        ("csv probes.csv --service a:b", "", "a:b: not a name"),
        ("csv probes.csv --service shop -c own.yaml", "", "shop: no such service"),
        ("csv probes.csv --service web -c own.yaml --signal-kind http", "", "--signal-kind: the configuration says"),
        (WITH, "time,commit\n1700000100,", "deploys.csv:2: no commit"),
        (WITH, "time,commit,id\n1700000000,a,d\n1700000100,b,d", "deploys.csv:3: d is there twice"),
        (WITH, "time,commit,began\n1700000000,a,1700000100", "deploys.csv:2: it began after it was live"),
        (WITH, "time,commit\n1800000000,a", "deploys.csv: no deploy in it went live before the history ends"),
    ],
)
def test_words_and_deploys_that_cannot_be_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str], words: str, text: str, said: str
) -> None:
    """No file, no such file, no name, no such service, a kind said twice; a line of the deploys, as of the history."""
    probes(folder / "probes.csv", 30)
    (folder / "deploys.csv").write_text(text, encoding="utf-8")
    assert refused(capsys, *words.split(), "--signal", "home").startswith(said)


def test_every_kind_can_be_typed() -> None:
    """A new importer is one file, one line of the table, and one word of the command."""
    assert get_args(Kind) == tuple(IMPORTERS) and get_args(SignalKind) == tuple(PROBES)


def test_what_else_lies_in_the_folder_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Recordings of the daemon too, however old: an import removes nothing, and a full disk leaves nothing behind."""
    (folder / "rec").mkdir()
    old = folder / "rec" / "20010101T000000Z-worker-00001.jsonl.gz"
    old.write_bytes(b"kept")
    probes(folder / "probes.csv", 30, range(0))
    imported(capsys, *OF_WEB)
    assert old.read_bytes() == b"kept" and len(list((folder / "rec").iterdir())) == 2
    (folder / "file").write_text("no folder", encoding="utf-8")
    assert "cannot be written" in typed(capsys, "lab", "import", *OF_WEB, "--out", "file", code=1)
