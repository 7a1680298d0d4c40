"""The signal `sentry` over real HTTP: against Sentry's document, and a vendor that misbehaves."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.adapters.signals.test_sentry_answers import NOW, bucket, series
from tests.adapters.vendor import HANGS, Seen, Vendor
from tests.sandbox.documents import SENTRY, answer_problems
from tests.support import vendor_specs
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.signals.sentry import ASK_AGAIN_SECONDS, TOKEN, SentryErrors, SentryOptions, build
from watchdog.domain.readings import Good, Unknown
from watchdog.ports import Sample

TIMESERIES = "/api/0/organizations/acme/events-timeseries/"
ISSUES = "/api/0/organizations/acme/issues/"
PROJECT = "/api/0/projects/acme/web/"
GOOD = series(bucket(3, 1), bucket(2, 4), bucket(1, 2), bucket(0, 0, incomplete=True))
ISSUE = {"shortId": "WEB-12", "title": "TypeError: x is undefined", "count": "31", "status": "unresolved"}


def source(
    vendor: Vendor,
    commit: str | Callable[[], str] | None = "9f3c2ab",
    token: str = "sntrys_canary_token",
    clock: FakeClock | None = None,
    **options: Any,
) -> SentryErrors:
    """Return a source that reads the fake Sentry, with good counts by default."""
    vendor.answers.setdefault(("GET", TIMESERIES), [GOOD])
    vendor.answers.setdefault(("GET", PROJECT), [{"id": "4507", "slug": "web"}])
    endpoints = {"sentry": vendor.url}
    live = commit if callable(commit) else lambda: commit
    context = Context(clock or FakeClock(NOW), endpoints, {TOKEN: token}, live_commit=live)
    return build("errors", SentryOptions.model_validate({"sentry": "acme/web", **options}), context)


async def read(made: SentryErrors) -> Sample:
    (sample,) = await made.read()
    await made.close()
    return sample


def asked(vendor: Vendor) -> list[Seen]:
    """Return the requests but for the one that learns the project's number."""
    return [seen for seen in vendor.seen if seen.path != PROJECT]


def query(seen: Seen) -> dict[str, str]:
    return dict(seen.query)


async def test_counts_are_read_minute_by_minute(vendor: Vendor) -> None:
    sample = await read(source(vendor))
    assert [one.count for one in sample.counts] == [1.0, 4.0, 2.0]
    assert sample.reading == Good("2 errors in the newest full minute, 7 in 3 min")
    (seen,) = asked(vendor)
    assert seen.headers["authorization"] == "Bearer sntrys_canary_token"
    series_of = {"dataset": "errors", "yAxis": "count()", "interval": "1m", "statsPeriod": "60m"}
    assert query(seen) == {**series_of, "project": "4507", "environment": "production", "query": "is:unresolved"}


@pytest.mark.parametrize(
    ("answers", "projects"),
    [
        ([{"id": "4507"}], ["4507", "4507", "4507"]),
        ([{"id": "4507"}, {"id": "4508"}], ["4507", "4507", "4508"]),
        ([403, {"id": "4507"}], ["web", "web", "4507"]),
        ([500, 500, {"id": "4507"}], ["web", "web", "4507"]),
        ([{"id": "4507"}, 500], ["4507", "4507", "4507"]),
        ([{"id": None}], ["web", "web", "web"]),
    ],
)
async def test_a_project_goes_by_its_number_where_the_token_may_read_it(
    vendor: Vendor, answers: list[Any], projects: list[str], closing
) -> None:
    """A slug is a 400 to an older server; a token that may not read the project is asked again an hour later."""
    vendor.say("GET", PROJECT, *answers)
    clock = FakeClock(NOW)
    made = closing(source(vendor, clock=clock))
    for seconds in (0.0, 1.0, ASK_AGAIN_SECONDS):
        clock.elapsed += seconds
        await made.read()
    assert [query(seen)["project"] for seen in asked(vendor)] == projects


async def test_every_request_stands_in_sentrys_document_and_so_do_the_fake_answers(vendor: Vendor) -> None:
    """Or these tests would prove nothing."""
    answer = series(bucket(1, 2, confidence="low"), meta={"valueType": "integer", "valueUnit": None})
    assert answer_problems(SENTRY, "GET", TIMESERIES, 200, answer) == []
    vendor.say("GET", ISSUES, [ISSUE])
    await read(source(vendor, release="{commit}", traffic=True))
    document = vendor_specs.spec("sentry-openapi.json")
    assert [query(seen).get("dataset") for seen in asked(vendor)] == ["errors", "spans", None]
    for seen in asked(vendor):
        assert vendor_specs.request_problems(document, "GET", seen.path, query(seen)) == []


async def test_new_issues_are_those_of_the_live_release_and_a_fixed_one_filters_the_counts_too(vendor: Vendor) -> None:
    """Else the counts stay those of all releases: one moving release begins at zero with every deploy."""
    vendor.say("GET", ISSUES, [ISSUE])
    sample = await read(source(vendor, release="web@{commit}"))
    assert sample.new_issues == ("WEB-12 TypeError: x is undefined (31 events)",)
    counts, issues = map(query, asked(vendor))
    assert counts["query"] == "is:unresolved"
    assert issues["query"] == 'is:unresolved firstRelease:"web@9f3c2ab" level:[error,fatal]'
    assert (issues["sort"], issues["statsPeriod"], issues["limit"]) == ("freq", "24h", "25")
    await read(source(vendor, release="web@2.0"))
    counts, issues = map(query, asked(vendor)[2:])
    assert counts["query"] == 'is:unresolved release:"web@2.0"' and 'firstRelease:"web@2.0"' in issues["query"]
    vendor.say("GET", ISSUES, [ISSUE], 403)
    made = source(vendor, release="web@2.0")
    (first,), later = await made.read(), await read(made)
    assert later.new_issues == first.new_issues == sample.new_issues, "what was first seen in a release stays so"


async def test_issues_of_the_release_before_do_not_count_for_the_one_that_is_live_now(vendor: Vendor) -> None:
    """Its list cannot be read yet: nothing is known of it, and what the one before brought blames no other deploy."""
    vendor.say("GET", ISSUES, [ISSUE], 403, 403)
    live = ["9f3c2ab"]
    made = source(vendor, lambda: live[-1], release="{commit}")
    (first,), (same,) = await made.read(), await made.read()
    assert first.new_issues == same.new_issues != ()
    live.append("0ddba11")
    assert (await read(made)).new_issues == ()


@pytest.mark.parametrize("commit", [None, 'x" OR release:"y', ""])
async def test_a_commit_that_is_not_known_asks_for_no_issues(vendor: Vendor, commit: str | None) -> None:
    """The platform's text goes into a query only if it can be a commit."""
    sample = await read(source(vendor, commit, release="{commit}"))
    assert isinstance(sample.reading, Good) and "the live commit is not known" in sample.reading.detail
    assert sample.new_issues == () and len(asked(vendor)) == 1


@pytest.mark.parametrize(
    ("path", "answer", "options", "says"),
    [
        (ISSUES, 403, {}, "new issues unknown (Sentry answered 403"),
        (ISSUES, HANGS, {}, "new issues unknown (Sentry did not answer in time)"),
        (TIMESERIES, HANGS, {"traffic": True}, "no traffic to compare with (Sentry did not answer in time)"),
        (PROJECT, HANGS, {}, ""),
    ],
)
async def test_what_only_adds_to_the_counts_cannot_spoil_them(
    vendor: Vendor, path: str, answer: Any, options: dict[str, Any], says: str
) -> None:
    """Neither by a refusal nor by an answer that does not come: it may not use up the deadline of the reading."""
    vendor.say("GET", ISSUES, [ISSUE])
    vendor.say("GET", path, *([GOOD] if path == TIMESERIES else []), answer)
    sample = await read(source(vendor, release="{commit}", timeout="1s", **options))
    assert isinstance(sample.reading, Good) and says in sample.reading.detail
    assert len(sample.counts) == 3


async def test_traffic_is_the_denominator_where_it_is_known(vendor: Vendor) -> None:
    """From the spans; a server without them is no reason for blindness."""
    vendor.say("GET", TIMESERIES, GOOD, series(bucket(3, 100), bucket(2, 200), bucket(1, 300)))
    sample = await read(source(vendor, traffic=True))
    assert [(one.count, one.total) for one in sample.counts] == [(1.0, 100.0), (4.0, 200.0), (2.0, 300.0)]
    assert query(asked(vendor)[1])["query"] == "is_transaction:true"
    vendor.say("GET", TIMESERIES, GOOD, 404)
    sample = await read(source(vendor, traffic=True))
    assert isinstance(sample.reading, Good) and "no traffic to compare with" in sample.reading.detail
    assert [one.total for one in sample.counts] == [None, None, None]


async def test_a_server_that_cannot_leave_ignored_issues_out_is_asked_without_that(vendor: Vendor, closing) -> None:
    """For an hour, then it may have been updated; the reading says so each time."""
    refused = (400, {"detail": "Invalid query: is"})
    vendor.say("GET", TIMESERIES, refused, GOOD, GOOD, refused, GOOD)
    clock = FakeClock(NOW)
    made = closing(source(vendor, clock=clock))
    for _ in range(2):
        (sample,) = await made.read()
        assert isinstance(sample.reading, Good) and "ignored issues are counted too" in sample.reading.detail
    clock.elapsed += ASK_AGAIN_SECONDS
    await made.read()
    assert [query(seen).get("query") for seen in asked(vendor)] == ["is:unresolved", None, None, "is:unresolved", None]


async def test_a_400_for_another_reason_is_not_taken_for_the_filter(vendor: Vendor, closing) -> None:
    """The same is refused without it: unknown, and the next look asks as the first did."""
    vendor.say("GET", TIMESERIES, (400, {"detail": "Invalid project"}), (400, {"detail": "Invalid project"}), GOOD)
    made = closing(source(vendor))
    (sample,) = await made.read()
    assert isinstance(sample.reading, Unknown) and "Sentry answered 400" in sample.reading.why
    (sample,) = await made.read()
    assert isinstance(sample.reading, Good) and "counted too" not in sample.reading.detail
    assert [query(seen).get("query") for seen in asked(vendor)] == ["is:unresolved", None, "is:unresolved"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (401, f"put a valid token into {TOKEN}"),
        (403, "scopes org:read, project:read and event:read"),
        (404, "check sentry: org/project"),
        (400, "Sentry answered 400"),
        (500, "Sentry answered 500"),
        ((429, {"detail": "too frequently"}), "Sentry answered 429"),
        ((200, "<html>"), "not a time series"),
        ((200, {"timeSeries": []}), "may have lost its access to the project"),
        (series(bucket(9, 3)), "9 min old (limit 5 min)"),
        (series(bucket(1, 3), interval=3_600_000), "not the minute that was asked for"),
    ],
)
async def test_case_35_trouble_is_unknown_and_names_its_fix(vendor: Vendor, answer: Any, why: str) -> None:
    vendor.say("GET", TIMESERIES, answer)
    sample = await read(source(vendor))
    assert isinstance(sample.reading, Unknown) and why in sample.reading.why, sample.reading
    assert sample.counts == () and "canary" not in repr(sample)


@pytest.mark.parametrize(("token", "why"), [("", f"set {TOKEN}"), ("sntrys canary\n", "copy the key again")])
async def test_without_a_usable_token_the_reading_says_what_to_set(vendor: Vendor, token: str, why: str) -> None:
    sample = await read(source(vendor, token=token))
    assert isinstance(sample.reading, Unknown) and why in sample.reading.why
    assert vendor.seen == [] and "canary" not in sample.reading.why


async def test_true_silence_is_good_but_says_that_it_proves_nothing(vendor: Vendor) -> None:
    """Zeros that Sentry states are counts."""
    vendor.say("GET", TIMESERIES, series(bucket(2, 0), bucket(1, 0)))
    sample = await read(source(vendor))
    assert isinstance(sample.reading, Good) and "silence alone does not prove health" in sample.reading.detail
    assert [one.count for one in sample.counts] == [0.0, 0.0]
