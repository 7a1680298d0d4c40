"""Real traces: each set's shape and traps, on small made-up files; how faults are counted; the real folder, in part."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.vendor_specs import on_the_shelf
from watchdog.app.commands.traces_run import play, policy_for, run_traces
from watchdog.cli.main import main
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.traces import SETS, nab, nezha, petshop, upptime
from watchdog.lab.traces.fault_outcomes import LATE_SECONDS, DatasetRow, why_not
from watchdog.lab.traces.play import Play
from watchdog.lab.traces.trial import Bucket, Label, Trial, quantile_at
from watchdog.presentation.step_actions import StepAction

BEGIN = 1_700_000_000.0
FAST = ((0.5, 0.05), (0.9, 0.1), (0.95, 0.12), (0.99, 0.2))
SLOW = ((0.5, 0.3), (0.9, 0.8), (0.95, 1.2), (0.99, 2.0))


def stamp(at: float) -> str:
    """Return a time as the sets write it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def note(path: Path, what: object) -> None:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(what), encoding="utf-8")


def a_nezha(
    folder: Path, day: str, success: Sequence[float], faults: Sequence[tuple[float, str]], off: int = 0
) -> None:
    """Write a day as Nezha has it: a row a minute, a fault list by hours, its timestamps `off` seconds wrong."""
    header = "Time,TimeStamp,ServiceName,SuccessRate(%),LatencyP50(s),LatencyP90(s),LatencyP95(s),LatencyP99(s)"
    times = [BEGIN + 60 * n for n in range(1, len(success) + 1)]
    rows = [["", int(at), "Frontend", share, 0.05, 0.1, 0.12, 0.2] for at, share in zip(times, success, strict=True)]
    table(folder / day / "front_service.csv", [header.split(","), *rows])
    told = [
        {"inject_time": stamp(at), "inject_timestamp": str(int(at) + off), "inject_pod": "front-1", "inject_type": kind}
        for at, kind in faults
    ]
    note(folder / day / "fault_list.json", {"03": told[:1], "04": told[1:]})


def a_petshop(folder: Path, traffic: str, quiet: int, available: Sequence[float]) -> None:
    """Write one traffic as PetShop has it: header in three rows, a row of five minutes, one issue in its third."""
    head = [
        ["microservice", *["PetSite"] * 6, "Other"],
        ["metric", *["latency"] * 4, "requests", "availability", "requests"],
        ["statistic", "p50", "p90", "p95", "p99", "Sum", "Average", "Sum"],
        ["unix_timestamp", *[""] * 7],
    ]

    def rows(begin: float, shares: Sequence[float]) -> list[list[object]]:
        return [[begin + 300.0 * n, 0.05, 0.1, 0.12, 0.2, 480, share, 0] for n, share in enumerate(shares)]

    issue = folder / "dataset" / traffic / "test" / "issue_0"
    table(issue / "metrics.csv", [*head, *rows(BEGIN, available)])
    note(issue / "target.json", {"target": {"node": "PetSite", "metric": "availability", "timestamp": BEGIN + 620}})
    if quiet:
        later = BEGIN + 1e6
        table(folder / "dataset" / traffic / "noissue" / "metrics.csv", [*head, *rows(later, [100.0] * quiet)])


def test_nezha_is_read_with_its_traps(tmp_path: Path) -> None:
    """Success 0 throughout is not measured; the injection's own time counts, not its shifted timestamp."""
    a_nezha(tmp_path, "2022-08-22", [100.0] * 20 + [50.0] * 3, [(BEGIN + 1200, "return")])
    a_nezha(tmp_path, "2023-01-29", [0.0] * 20, [(BEGIN + 600, "exception")], off=-28800)
    boutique, ticket = nezha.trials(tmp_path)
    assert (boutique.row, ticket.row) == tuple(nezha.ROWS.values())
    assert [bucket.failing for bucket in boutique.tracks["front"]][-4:] == [0.0, 0.5, 0.5, 0.5]
    assert {bucket.failing for bucket in ticket.tracks["front"]} == {None}
    assert (ticket.labels[0].start, ticket.labels[0].kind) == (BEGIN + 600, "exception")
    assert boutique.tracks["front"][0] == Bucket(BEGIN, BEGIN + 60, 0.0, FAST)


def test_petshop_is_one_stream_with_its_quiet_time_before_it(tmp_path: Path) -> None:
    """The time without issue ends where the issues begin; only the front is read, with its traffic."""
    a_petshop(tmp_path, "low_traffic", 4, [100.0, 100.0, 80.0, 80.0, 100.0])
    a_petshop(tmp_path, "temporal_traffic1", 0, [100.0, 100.0, 80.0, 80.0, 100.0])
    low, temporal = petshop.trials(tmp_path)
    front = low.tracks["front"]
    assert (len(front), len(temporal.tracks["front"])) == (9, 5)
    assert [one.start for one in front[3:5]] == [BEGIN - 300, BEGIN] and front[3].end == BEGIN
    assert front[6].failing == pytest.approx(0.2) and front[6].requests == 480
    assert low.labels == [Label(BEGIN + 620, BEGIN + 1500, "front", "availability", 300.0)]


def test_nab_reads_the_one_latency_and_the_others_as_if_they_were_one(tmp_path: Path) -> None:
    """Milliseconds in one, the first day's median as 100 ms in the others; what is no server's is not read."""
    windows = [[stamp(BEGIN) + ".000000", stamp(BEGIN + 600) + ".000000"]]
    names = (nab.LATENCY, "realAWSCloudwatch/ec2_cpu_1.csv", "realKnownCause/nyc_taxi.csv", "artificialNoAnomaly/a.csv")
    note(tmp_path / "labels" / "combined_windows.json", dict.fromkeys(names, windows))
    values = [[stamp(BEGIN), 40], [stamp(BEGIN + 300), 80], [stamp(BEGIN + 300), 9]]
    for name in names:
        table(tmp_path / "data" / name, [["timestamp", "value"], *values])
    cpu, latency = nab.trials(tmp_path)
    assert (cpu.row, latency.row) == (nab.ROW_OTHERS, nab.ROW_LATENCY)
    assert [quantile_at(bucket.latency or (), 0.9) for bucket in latency.tracks["front"]] == [0.04, 0.08]
    assert [quantile_at(bucket.latency or (), 0.9) for bucket in cpu.tracks["front"]] == pytest.approx([0.1, 0.2])
    assert (latency.labels[0].start, latency.labels[0].end) == (BEGIN, BEGIN + 600)


def test_upptime_holds_states_about_the_changes(tmp_path: Path) -> None:
    """Sites of one monitor side by side; what lies far from any change is not played."""
    shop = [(0, "Shop", "up"), (50_000, "Shop", "down"), (50_900, "Shop", "up"), (90_000, "Shop", "up")]
    rows = sorted([*shop, (10, "Test", "down")])
    header = ["unix_time", "site", "state", "http_code", "response_ms"]
    table(tmp_path / "one.csv", [header, *[[int(BEGIN + at), site, state, 200, 5] for at, site, state in rows]])
    (trial,) = upptime.trials(tmp_path)
    shop, test = trial.tracks["site-1"], trial.tracks["site-2"]
    held = [(bucket.start - BEGIN, bucket.end - BEGIN, bucket.failing) for bucket in shop]
    assert held == [(49_700, 50_000, 0.0), (50_000, 50_900, 1.0), (50_900, 52_700, 0.0)]
    assert [bucket.failing for bucket in test] == [1.0]
    assert [(label.service, label.start - BEGIN) for label in trial.labels] == [("site-2", 10), ("site-1", 50_000)]


def an_episode(folder: Path, told: dict, failing: dict[str, float], deploys: dict[str, list[tuple[int, str]]]) -> None:
    """Write an episode: each service is well for half an hour, then `failing` for ten minutes; deploys by minute."""
    note(folder / "episode.json", told)
    for name, share in failing.items():
        rows = [[BEGIN + 60 * n, BEGIN + 60 * (n + 1), share * (30 <= n < 40), 0.05, 0.12] for n in range(60)]
        table(folder / f"{name}.csv", [["start", "end", "failing", "p50", "p95"], *rows])
    for name, went_live in deploys.items():
        times = [[stamp(BEGIN + 60 * minute), commit] for minute, commit in went_live]
        table(folder / f"{name}.deploys.csv", [["time", "commit"], *times])


FAULT = {"service": "api", "begins": BEGIN + 1800, "ends": stamp(BEGIN + 2400)}
BAD = {**FAULT, "culprit": {"service": "api", "commit": "bad1111"}}
BEFORE = (-9000, "old0000"), (-3000, "old1111")


@pytest.mark.parametrize(
    ("api", "fault", "said"),
    [
        ([*BEFORE, (29, "bad1111")], BAD, "1 rolled back, 0 asked about, 0 neither; other rollbacks: 0, of 1 good"),
        ([*BEFORE, (10, "bad1111")], BAD, "0 rolled back, 1 asked about, 0 neither; other rollbacks: 0, of 1 good"),
        ([*BEFORE, (29, "new1111")], FAULT, "0 rolled back, 0 asked about, 0 neither; other rollbacks: 1, of 2 good"),
        ([*BEFORE, (-1, "bad1111")], BAD, "0 rolled back, 0 asked about, 1 neither; other rollbacks: 0, of 1 good"),
    ],
    ids=["right before", "twenty minutes before", "no deploy's doing", "half an hour before"],
)
def test_an_episode_of_ones_own_has_deploys_dependencies_and_a_truth(
    api: list, fault: dict, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Web was deployed well just before its dependency failed, and fails with it."""
    told = {"set": "ours", "services": {"web": {"depends_on": ["api"]}, "api": {}}, "faults": [fault]}
    web = [*BEFORE, (28, "good000")]
    an_episode(tmp_path / "episodes" / "one", told, {"web": 1.0, "api": 1.0}, {"web": web, "api": api})
    assert main(["lab", "traces", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert f"  bad deploys: {said} deploys" in out and "| ours | 1 | 1 |" in out


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("episode.json", '{"faults": []}', "KeyError: 'services'"),
        ("episode.json", json.dumps({"services": {"web": {}}, "faults": [BAD]}), "KeyError: 'api'"),
        (
            "episode.json",
            json.dumps({"services": {"web": {}, "api": {}}, "faults": [BAD]}),
            "api has no deploy of bad1111",
        ),
        ("web.csv", "start,end\n", "web.csv has no samples"),
        ("web.csv", "start,end,failing\n1700000000,1700000060,7\n", "web.csv:2: it ends before it starts, or more"),
        ("web.csv", "start,end\n1700000060,1700000000\n", "web.csv:2: it ends before it starts"),
    ],
)
def test_an_episode_of_another_shape_is_a_sentence(
    file: str, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "episodes" / "one"
    an_episode(folder, {"services": {"web": {}, "api": {}}}, {"web": 0.0, "api": 0.0}, {"api": [*BEFORE]})
    (folder / file).write_text(text, encoding="utf-8")
    assert main(["lab", "traces", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def made_up(*spans: tuple[int, float, tuple[tuple[float, float], ...]], requests: float | None = None) -> list[Bucket]:
    """Return minutes, so many of each kind: share failing and latency."""
    minutes = [(failing, latency) for count, failing, latency in spans for _ in range(count)]
    return [
        Bucket(BEGIN + 60 * n, BEGIN + 60 * (n + 1), failing, latency, requests)
        for n, (failing, latency) in enumerate(minutes)
    ]


def played(buckets: Sequence[Bucket], *labels: Label) -> DatasetRow:
    """Play minutes of one front end, and count."""
    row = DatasetRow("made up")
    play(Trial("made up", "one", {"front": buckets}, labels), "1", row)
    return row


@pytest.mark.parametrize(
    ("spans", "outcome"),
    [
        ([(30, 0.0, FAST), (6, 1.0, FAST), (20, 0.0, FAST)], "in time"),
        ([(30, 0.0, FAST), (6, 0.5, FAST), (20, 0.0, FAST)], "in time"),
        ([(30, 0.0, FAST), (6, 0.0, SLOW), (20, 0.0, FAST)], "in time"),
        ([(30, 0.0, FAST), (6, 0.001, FAST), (20, 0.0, FAST)], "missed"),
    ],
    ids=["down", "half", "slow", "hardly anything"],
)
def test_a_fault_is_found_through_the_real_core(spans: list[tuple[int, float, object]], outcome: str) -> None:
    """Probed at the core's own pace, with draws from the minutes; told as a page, never as a rollback."""
    label = Label(BEGIN + 1800, BEGIN + 2160, "front", "made up", 60.0)
    row = played(made_up(*spans), label)  # type: ignore[arg-type]
    (fault,) = row.faults
    assert (fault.outcome, row.rollbacks, row.false_alarms) == (outcome, 0, [])
    assert (fault.why == "") == (outcome == "in time")
    assert set(row.courses) <= {"page"}


def test_a_quiet_trace_is_quiet_and_its_time_is_counted() -> None:
    """Half a day of nothing: no alarm, and so many quiet days."""
    row = played(made_up((720, 0.0, FAST)))
    assert (row.false_alarms, row.quiet_days) == ([], 0.5)
    assert row.json_object()["false_alarms_per_day"]["n"] == 0


def test_a_gap_in_the_record_is_no_evidence() -> None:
    """Nothing is probed in it, and the play goes on behind it."""
    after = made_up((20, 0.0, FAST))
    moved = [bucket._replace(start=bucket.start + 86400, end=bucket.end + 86400) for bucket in after]
    row = played([*made_up((10, 0.0, FAST)), *moved])
    assert row.false_alarms == [] and row.quiet_days == 30 / 1440
    assert row.observations < 2000
    down = played([*made_up((10, 0.0, FAST), (10, 1.0, FAST)), *moved])
    assert len(down.false_alarms) == 1 and down.observations < 3000, "nor while it is down"


def test_errors_are_a_feed_where_requests_are_counted() -> None:
    """Told with the traffic, a minute after the bucket; a set without requests feeds nothing."""
    minutes = [made_up((20, 0.02, FAST), requests=requests) for requests in (None, 600.0)]
    without, with_feed = (Play(Trial("r", "n", {"front": one}), policy_for(["front"]), "1") for one in minutes)
    without.run()
    with_feed.run()
    assert with_feed.observations - without.observations == 20


def test_the_same_seed_is_the_same_play() -> None:
    """To the last digit; another seed draws otherwise."""
    trial = Trial("r", "n", {"front": made_up((30, 0.0, FAST), (10, 0.4, SLOW))})
    once, again, other = (Play(trial, policy_for(["front"]), seed).run() for seed in ("1", "1", "2"))
    assert once == again and once != other


def page(at: float, incident: str = "front-1", kind: str = "page", what: str = "human_needed: down") -> StepAction:
    """Return something done, some minutes after the beginning."""
    return StepAction(BEGIN + 60 * at, "front", incident, kind, what)


LABEL = Label(BEGIN + 600, BEGIN + 1200, "front", "made up", 60.0)


@pytest.mark.parametrize(
    ("did", "outcome", "delay", "false"),
    [
        ([page(11)], "in time", 60.0, 0),
        ([page(9.5)], "in time", 0.0, 0),
        ([page(8.5), page(8.9, kind="tell", what="resolved: well")], "missed", None, 1),
        ([page(8.5)], "already open", None, 1),
        ([page(8.5), page(9, kind="tell", what="resolved: well"), page(12, "front-2")], "in time", 120.0, 1),
        ([page(20), page(21)], "in time", 600.0, 0),
        ([page(20 + LATE_SECONDS / 60)], "late", 900.0, 0),
        ([page(20.1 + LATE_SECONDS / 60)], "missed", None, 1),
        ([], "missed", None, 0),
        ([page(11, kind="tell", what="updated: hm")], "missed", None, 0),
    ],
)
def test_how_a_fault_is_counted(did: list[StepAction], outcome: str, delay: float | None, false: int) -> None:
    """By the first page of an incident, and where it stands to the label."""
    row = DatasetRow("made up")
    row.add(Trial("made up", "one", {"front": made_up((60, 0.0, FAST))}, [LABEL]), did, 1, 2.0)
    (fault,) = row.faults
    assert (fault.outcome, fault.delay_seconds, len(row.false_alarms)) == (outcome, delay, false)
    quiet = 3600.0 - (LABEL.end + LATE_SECONDS - LABEL.start + LABEL.tolerance_seconds)
    assert row.quiet_days == pytest.approx(quiet / DAY_SECONDS)


@pytest.mark.parametrize(
    ("during", "why"),
    [
        ((0.3, FAST), "10 % of requests or more failed, for longer than 2 min"),
        ((0.03, FAST), "1 to 10 % of requests failed"),
        ((0.003, FAST), "less than 1 % of requests failed"),
        ((0.0, FAST), "nothing to be seen at the front"),
        ((0.0, SLOW), "10 % of requests or more took 2 times the usual p95"),
        ((0.0, ((0.5, 0.05), (0.9, 0.1), (0.95, 0.5), (0.99, 0.6))), "5 to 10 % of requests took 2 times"),
        ((0.0, ((0.5, 0.05), (0.9, 0.1), (0.95, 0.16), (0.99, 0.2))), "latency only: p95 +25% to +100%"),
    ],
)
def test_why_it_was_not_found_is_what_there_was_to_be_seen(during: tuple[float, object], why: str) -> None:
    """From the trace, in a few kinds."""
    buckets = made_up((10, 0.0, FAST), (10, *during))  # type: ignore[arg-type]
    assert why_not(LABEL, buckets, 2.0).startswith(why)


def test_why_at_the_edges_of_the_record() -> None:
    """Before anything was recorded, or with nothing before it."""
    assert why_not(LABEL, made_up((5, 0.0, FAST)), 2.0) == "nothing was recorded in its time"
    first = Label(BEGIN, BEGIN + 60, "front", "made up", 0.0)
    assert why_not(first, made_up((5, 0.0, FAST)), 2.0).startswith("no latency is known from before it")


def test_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A table in words, the same as JSON; a folder without the sets, or of another shape, is a sentence."""
    monkeypatch.chdir(tmp_path)
    a_nezha(tmp_path / "t" / "nezha", "2022-08-22", [100.0] * 20 + [0.0] * 5 + [100.0] * 9, [(BEGIN + 1200, "return")])
    a_petshop(tmp_path / "t" / "petshop", "low_traffic", 4, [100.0, 100.0, 80.0, 80.0, 100.0])
    assert main(["lab", "traces", "t"]) == 0
    told = capsys.readouterr().out
    assert "| nezha: Online Boutique | 1 | 1 |" in told and "| petshop | 1 |" in told and "0 rollbacks" in told
    assert main(["lab", "traces", "t", "--sets", "nezha", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["sets"]
    assert (row["faults"], row["in_time"], row["rollbacks"], row["by_kind"]) == (1, 1, 0, {"return": {"in time": 1}})
    nab = ("t --sets nab", "t: no folder nab in it")
    for words, said in ((".", "none of the sets is in it"), ("gone", "gone: none of the sets"), nab):
        assert main(["lab", "traces", *words.split()]) == 2
        assert said in capsys.readouterr().err
    (tmp_path / "t" / "nezha" / "2022-08-22" / "fault_list.json").write_text("no JSON", encoding="utf-8")
    assert main(["lab", "traces", "t"]) == 2
    assert "nezha: not of the shape" in capsys.readouterr().err


@pytest.fixture(scope="session")
def real() -> Path:
    """The real traces beside the repository, where they are."""
    return on_the_shelf("data/traces")


def test_the_real_sets_have_the_faults_that_they_are_known_for(real: Path) -> None:
    """As many labels as their authors say, all of them within what was recorded."""
    trials = [trial for name in SETS for trial in SETS[name](real / name)]
    labels = {row: sum(len(one.labels) for one in trials if one.row == row) for row in {one.row for one in trials}}
    assert labels[nezha.ROWS["2022"]] == 56 and labels[nezha.ROWS["2023"]] == 45 and labels[petshop.ROW] == 68
    assert labels[nab.ROW_LATENCY] == 3 and labels[upptime.ROW] > 400
    for trial in trials:
        for track in trial.tracks.values():
            assert all(one.end <= later.start + 1.0 for one, later in pairwise(track)), trial.name


@pytest.mark.long
def test_nothing_is_rolled_back_in_real_traces(real: Path) -> None:
    """Part of them, with shipped defaults: no deploy is in them; half the requests failing for minutes is found."""
    rows = run_traces(real, "1", ["nezha"])
    (temporal, *_) = [trial for trial in petshop.trials(real / "petshop") if trial.name.startswith("temporal")]
    rows.append(DatasetRow(petshop.ROW))
    play(temporal, "1", rows[-1])
    assert [row.rollbacks for row in rows] == [0, 0, 0]
    assert {course for row in rows for course in row.courses} <= {"page", "tell", "note"}
    assert rows[0].by_kind()["return"].get("in time", 0) >= 1
