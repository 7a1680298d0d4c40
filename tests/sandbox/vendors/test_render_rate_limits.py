"""Render's rate limits: buckets, headers, and a real 429."""

import pytest

from tests.sandbox.world import World
from watchdog.sandbox.vendors.render_rate_limits import bucket_of


@pytest.mark.parametrize(
    ("method", "path", "service", "bucket", "limit"),
    [
        ("GET", "/services", None, "reads", 400),
        ("GET", "/services/srv-web/deploys", "srv-web", "reads", 400),
        ("PATCH", "/services/srv-web", "srv-web", "changes srv-web", 10),
        ("POST", "/services/srv-web/deploys", "srv-web", "changes srv-web", 10),
        ("POST", "/services/srv-web/rollback", "srv-web", "changes srv-web", 10),
        ("POST", "/services/srv-api/rollback", "srv-api", "changes srv-api", 10),
        ("POST", "/webhooks", None, "writes", 100),
    ],
)
def test_calls_share_buckets(method: str, path: str, service: str | None, bucket: str, limit: int) -> None:
    assert bucket_of(method, path, service) == (bucket, limit)


async def test_every_answer_tells_what_is_left(world: World) -> None:
    """Remaining goes down by one; Reset is seconds left in the clock minute, never an epoch."""
    first = await world.render("GET", "/services")
    second = await world.render("GET", "/services/srv-gone")
    assert second.status_code == 404 and 0 <= int(first.headers["ratelimit-reset"]) < 60
    assert first.headers["ratelimit-limit"] == "400"
    later = int(second.headers["ratelimit-reset"]) > int(first.headers["ratelimit-reset"])
    assert later or int(second.headers["ratelimit-remaining"]) == int(first.headers["ratelimit-remaining"]) - 1


async def test_the_eleventh_change_of_a_minute_is_refused(world: World) -> None:
    """429 with Retry-After and the documented body; reads and other services go on."""
    answers = [await world.render("PATCH", "/services/srv-web", json={}) for _ in range(22)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json() == {"message": "rate limit exceeded"}
    assert refused.headers["ratelimit-remaining"] == "0" and 0 <= int(refused.headers["retry-after"]) < 60
    assert [answer.status_code for answer in answers[:10]].count(200) == 10
    assert (await world.render("PATCH", "/services/srv-api", json={})).status_code == 200
    assert (await world.render("GET", "/services")).status_code == 200
