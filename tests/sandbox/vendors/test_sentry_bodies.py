"""Sentry's bodies where a careless reader trips: text where one expects a number."""

from watchdog.sandbox.vendors.sentry_bodies import issue_json, project_json
from watchdog.sandbox.vendors.sentry_counts import Group


def test_an_issue_and_a_project_as_recorded() -> None:
    """`count` is a string, `userCount` a number."""
    group = Group(7, "web", "HTTPException: 503", "GET /", "c0ffee", 12, 1_700_000_000.0, 1_700_000_060.0)
    body = issue_json(group, "new")
    assert (body["count"], body["userCount"], body["shortId"]) == ("12", 0, "WEB-7")
    assert project_json("web", None, "http://127.0.0.1")["latestRelease"] is None
