"""The numbers, counted by hand from a few incidents."""

from dataclasses import replace

from tests.cli import examples as x
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.units import DAY_SECONDS
from watchdog.presentation.stats import Mean, Stats, Watched, stats
from watchdog.presentation.stats_text import cells, counted, record, show

NOW = x.BEGIN + 10 * DAY_SECONDS
SINCE = NOW - 90 * DAY_SECONDS


def deploy(name: str, days_ago: float, trigger: str = "new_commit", status: str = "deactivated") -> Deploy:
    return Deploy(name, status, trigger, finished_at=NOW - days_ago * DAY_SECONDS)


DEPLOYS = (
    deploy("dep-43", 9.9, "rollback", "live"),
    replace(x.BAD, finished_at=NOW - 10 * DAY_SECONDS),
    deploy("dep-41", 12, status="build_failed"),
    deploy("dep-40", 13),
    deploy("dep-39", 25),
)
WATCHED = {"web": Watched(NOW - 20 * DAY_SECONDS, DEPLOYS)}


def other(**changes: object) -> Incident:
    """Return an incident that ended by itself, 20 minutes after its onset, a day later."""
    at = x.BEGIN + DAY_SECONDS
    decided = x.decision(at=at + 82, blame=x.blame(probability=0.1, odds=0.1))
    times = {"onset_at": at, "opened_at": at + 82, "closed_at": at + 1200}
    return replace(x.undone(decided, id="web-2", outcome=Outcome.RECOVERED, **times), **changes)


def of_web(*incidents: Incident, acts: dict[str, float] | None = None, labels: dict[str, str] | None = None) -> Stats:
    return stats(incidents, WATCHED, acts or {}, labels or {}, SINCE, NOW)[0]


def test_the_times_are_means_over_what_is_known() -> None:
    """38 s and 82 s to detect; 47 s and 20 min to restore; one of them was answered by a human after 5 min."""
    found = of_web(x.incident(), other(), acts={"web-2": x.BEGIN + DAY_SECONDS + 382})
    assert (found.detect, found.acknowledge, found.restore) == (Mean(60, 2), Mean(300, 1), Mean(623.5, 2))
    meant = of_web(x.incident(planned=True), other(planned=True))
    assert (meant.detect, meant.restore, meant.incidents) == (Mean(None, 0), Mean(None, 0), [])
    assert meant.change_failure_rate == Mean(0.0, 2), "what was meant to be down is no deploy's fault"


def test_what_is_not_known_is_none_and_never_zero() -> None:
    """No incident, no deploy, watched for an hour; what is older than the period, or did not end well, is not known."""
    assert of_web(x.incident(opened_at=SINCE - 1)).detect.n == 0
    assert of_web(x.incident(verified_at=None, outcome=Outcome.OPEN)).restore.n == 0
    (found, everything) = stats([], {"web": Watched(NOW - 3600)}, {}, {}, SINCE, NOW)
    numbers = (found.detect, found.acknowledge, found.restore, found.change_failure_rate, found.deploys_per_day)
    assert set(numbers) == {Mean(None, 0)} and found.rollbacks_per_month == Mean(None, 0)
    assert everything.service == "all" and everything.detect == Mean(None, 0)
    assert show([found], "text")[1].split("  ")[-1].strip() == "not known"


def test_the_change_failure_rate_counts_what_went_live_while_we_watched() -> None:
    """dep-42 of dep-42 and dep-40; what nobody blamed, or a human called wrong, is no failure of a change."""
    assert of_web(x.incident()).change_failure_rate == Mean(0.5, 2)
    assert of_web(x.incident(), x.incident(id="web-9")).change_failure_rate == Mean(0.5, 2)
    assert of_web(x.incident(), labels={"web-1": "wrong"}).change_failure_rate == Mean(0.0, 2)
    assert of_web(other()).change_failure_rate == Mean(0.0, 2)


def test_a_rollback_by_hand_counts_as_rollback_and_has_no_onset() -> None:
    """Its times say nothing of detection; its suspect was replaced by a human."""
    found = of_web(x.incident(decision=x.decision(blame=None), findings=()))
    assert (found.detect.n, found.restore.n, found.rollbacks) == (0, 0, 1)
    seen = of_web(x.incident(decision=x.decision(blame=None)))
    assert (seen.detect.n, seen.restore.n, seen.rollbacks) == (1, 1, 1), "a check had found it before the human acted"
    assert found.change_failure_rate == Mean(0.5, 2)


def test_all_services_together() -> None:
    """Sums and means over all; the service that is configured no more still counts."""
    gone = replace(x.incident(), id="api-1", service="api", onset_at=x.BEGIN - 10)
    (api, web, both) = stats([x.incident(), gone], WATCHED, {}, {}, SINCE, NOW)
    assert (api.service, web.service, both.service) == ("api", "web", "all")
    assert both.detect == Mean((58 + 38) / 2, 2) and both.rollbacks == 2


def test_the_formats_say_the_same() -> None:
    """Text for people, a table for a report, numbers with their n for machines."""
    found = stats([x.incident(), other()], WATCHED, {}, {}, SINCE, NOW)
    text = show(found, "text")
    row = ("web", "1 min 0 s (n=2)", "not known", "10 min 24 s (n=2)", "50 % (n=2)", "0.08 (n=2)", "1.5 (n=1)")
    assert tuple(cell.strip() for cell in text[1].split("  ") if cell.strip()) == row
    assert show(found, "markdown")[2] == f"| {' | '.join(row)} |"
    web = record(found[0])
    assert web["mean_time_to_restore_seconds"] == 623.5 and web["mean_time_to_restore_seconds_n"] == 2
    assert web["mean_time_to_acknowledge_seconds"] is None and web["change_failure_rate"] == 0.5


def test_the_numbers_of_a_column_have_one_unit_and_as_many_decimals() -> None:
    """Beside each other they compare: no `120 s` beside `2 min`, no 0.2 beside 0.21."""
    detected = {38.4: "38 s", 119.0: "1 min 59 s", 121.0: "2 min 1 s", 7300.0: "2 h 1 min"}
    for seconds, shown in detected.items():
        one = replace(x.incident(), opened_at=x.incident().onset_at + seconds)
        assert cells(of_web(one))[1] == f"{shown} (n=1)"
    rates = {20: "0.20", 21: "0.21", 210: "2.1", 12000: "120", 0: "0.00"}
    for deployments, shown in rates.items():
        one = replace(of_web(x.incident()), deployments=deployments, deploy_seconds=100 * DAY_SECONDS)
        assert cells(one)[5] == f"{shown} (n={deployments})"
    rare = replace(of_web(x.incident()), deployments=1, deploy_seconds=1000 * DAY_SECONDS)
    assert cells(rare)[5] == "under 0.01 (n=1)"


def test_deployments_and_rollbacks_are_rates_of_the_time_they_are_known_for() -> None:
    """Two went live in the 25 days since the oldest listed one; one rollback in 20 watched days; of all, the sum.

    However long the list of each reaches back: a busy service beside a quiet one is not spread over its time.
    """
    found = of_web(x.incident())
    assert (found.deploys_per_day, found.rollbacks_per_month) == (Mean(2 / 25, 2), Mean(30.44 / 20, 1))
    busy = Watched(NOW - 20 * DAY_SECONDS, tuple(deploy(f"a{n}", 0.5 + n / 2) for n in range(5)))
    each = stats([], {"a": busy, **WATCHED}, {}, {}, SINCE, NOW)
    (a, web, both) = (one.deploys_per_day for one in each)
    assert a.value and web.value and both == Mean(a.value + web.value, a.n + web.n)
    assert [counted(one)[4:] for one in each] == [
        (f"{a.n} in 2 days", "0 in 20 days"), ("2 in 25 days", "0 in 20 days"), (f"{a.n + 2} deploys", "0 in 20 days"),
    ]  # fmt: skip
    (new, _) = stats([], {"web": Watched(NOW - 3600.0)}, {}, {}, SINCE, NOW)
    assert counted(new)[4:] == ("0 deploys", "0 rollbacks"), "not in 0 days"
