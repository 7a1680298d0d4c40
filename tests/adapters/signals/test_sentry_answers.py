"""Sentry's answers, believed only if they have the requested form."""

from typing import Any

import pytest

from watchdog.adapters.signals.sentry_answers import Unreadable, buckets, issue_texts, with_totals
from watchdog.domain.readings import MinuteCount

NOW = 1_764_000_060.0
MINUTE = 60.0


def series(*values: dict[str, Any], interval: Any = 60_000, meta: dict[str, Any] | None = None, **more: Any) -> Any:
    one = {"yAxis": "count()", "values": list(values), "meta": {"interval": interval, **(meta or {})}}
    return {"meta": {"dataset": "errors", "start": 0, "end": 0}, "timeSeries": [one], **more}


def bucket(minutes_ago: int, count: float, *, incomplete: bool = False, **more: Any) -> dict[str, Any]:
    start = NOW - MINUTE * (minutes_ago + 1)
    return {"timestamp": start * 1000, "value": count, "incomplete": incomplete, **more}


def test_complete_minutes_come_oldest_first_in_seconds() -> None:
    """Timestamps are milliseconds there."""
    came = buckets(series(bucket(2, 7), bucket(3, 0), bucket(1, 4)), NOW)
    assert came == (
        MinuteCount(NOW - 240, 60.0, 0.0),
        MinuteCount(NOW - 180, 60.0, 7.0),
        MinuteCount(NOW - 120, 60.0, 4.0),
    )
    came = buckets(series(bucket(2, 7), bucket(1, 1, incomplete=True), bucket(0, 0, incomplete=True)), NOW)
    assert [one.count for one in came] == [7.0]
    missing = {"timestamp": (NOW - 60) * 1000, "value": 0}
    assert [one.count for one in buckets(series(bucket(2, 7), missing), NOW)] == [7.0]


def at(moment: Any, count: Any) -> dict[str, Any]:
    """Return a full bucket whose fields may be of any kind."""
    return {"timestamp": moment, "value": count, "incomplete": False}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        *((answer, "not a time series") for answer in (None, [], {}, {"timeSeries": {}})),
        ({"timeSeries": []}, "the token may have lost its access"),
        *(({"timeSeries": several}, "not one time series") for several in ([1], [{}, {}])),
        (series(bucket(1, 1), interval=300_000), "buckets are 300000 ms, not the minute"),
        (series(bucket(1, 1), interval=None), "buckets are of unknown size"),
        (series(bucket(1, 1), meta={"dataScanned": "partial"}), "a part of its data"),
        (series(bucket(1, 1), meta={}) | {"meta": {"status": "stalled"}}, "ingestion is stalled"),
        *((answer, "silence, not zero") for answer in (series(), series(bucket(0, 0, incomplete=True)))),
        (series(bucket(6, 3)), "newest full minute is 6 min old (limit 5 min)"),
        *((series(bucket(1, count)), "no count") for count in (-1, float("nan"))),
        *((series(at(moment, count)), "no count") for moment, count in ((None, 1), (1, "7"), (1, True))),
        (series(*[bucket(1, 1)] * 2000), "no readable values"),
        ({"timeSeries": [{"meta": {"interval": 60000}, "values": None}]}, "no readable values"),
    ],
)
def test_case_35_anything_else_is_unreadable_and_says_why(answer: Any, why: str) -> None:
    """Silence is unknown, never zero."""
    with pytest.raises(Unreadable) as caught:
        buckets(answer, NOW)
    assert why in str(caught.value)


def test_case_35_a_minute_five_minutes_old_is_still_fresh_and_an_older_one_is_no_data() -> None:
    """The limit is reached, then passed: neither zero errors nor three."""
    assert [one.count for one in buckets(series(bucket(5, 3)), NOW)] == [3.0]
    for count in (0, 3, 1000):
        with pytest.raises(Unreadable, match="min old"):
            buckets(series(bucket(5, count)), NOW + 0.1)


def test_case_35_counts_get_the_requests_of_their_own_minute() -> None:
    """None where no traffic is known; buckets of low confidence are no denominator."""
    counts = buckets(series(bucket(3, 1), bucket(2, 2), bucket(1, 3)), NOW)
    spans = series(bucket(3, 100), bucket(2, 0), bucket(1, 300, confidence="low"))
    came = with_totals(counts, buckets(spans, NOW, only_sure=True))
    assert [(one.count, one.total) for one in came] == [(1.0, 100.0), (2.0, None), (3.0, None)]


def test_issues_become_short_lines_without_those_put_aside() -> None:
    """`count` is a string; ignored, archived and resolved issues are a human's business already."""
    issues: list[Any] = [
        {"shortId": "WEB-12", "title": "TypeError: x is undefined", "count": "31", "status": "unresolved"},
        {"shortId": "WEB-13", "title": "old", "count": "9", "status": "ignored"},
        {"shortId": "WEB-14", "title": "old", "count": "9", "substatus": "archived_forever"},
        {"shortId": "WEB-15", "title": "done", "count": "9", "status": "resolved"},
        {"id": "7", "title": "\x1b[31m" + "x" * 500, "count": None},
        None,
    ]
    came = issue_texts(issues)
    assert came[0] == "WEB-12 TypeError: x is undefined (31 events)"
    assert len(came) == 2 and came[1].startswith("7 [31mxxx") and came[1].endswith("… (? events)")
    assert all(line.isprintable() and len(line) < 200 for line in came)
    assert len(issue_texts([{"id": str(number), "title": "t", "count": "1"} for number in range(50)])) == 10


@pytest.mark.parametrize("answer", [None, {}, "x"])
def test_a_list_of_issues_that_is_none_is_unreadable(answer: Any) -> None:
    with pytest.raises(Unreadable):
        issue_texts(answer)
