"""The weekly digest of two real workers on one database: one of them sends it, once; who takes over does not again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.workers import pair
from tests.support.daemon_processes import SHORT, Cloud, until

pytestmark = pytest.mark.long


def digests(cloud: Cloud) -> list[str]:
    return [entry["text"] for entry in cloud.log("slack_webhook") if "the week until" in entry["text"]]


def test_two_workers_send_one_also_when_the_one_that_sent_it_is_killed(tmp_path: Path) -> None:
    """It is due as they start, so that nothing is recorded of its week yet, and says so."""
    now = datetime.now(UTC)
    digest = f"digest: {{every: '{now:%a %H:%M} UTC', tell: [slack]}}\n"
    with pair(tmp_path, 4, more=digest + SHORT) as two:
        two.start()
        (title,) = until(lambda: digests(two.cloud))
        assert title == f"watchdog, the week until {now:%Y-%m-%d}: nothing was seen"
        made = "SELECT count(*) FROM effects WHERE incident LIKE 'digest-%'"
        until(lambda: two.near.rows(f"{made} AND status = 'done' AND outcome = 'slack: sent'") == [(1,)])
        (sender,) = [worker for worker in two.both if worker.story("NOTIFIED")]
        sender.kill()
        heir = two.other(sender)
        fleet = "SELECT owner FROM leases WHERE name = '' AND expires > extract(epoch FROM clock_timestamp())"
        names = {line["worker"] for line in heir.said("services taken up")}
        until(lambda: {owner for (owner,) in heir.rows(fleet)} <= names and heir.rows(fleet))
        sender.start().until_watching()
        until(lambda: two.shared())
        assert digests(two.cloud) == [title] and two.near.rows(made) == [(1,)]
