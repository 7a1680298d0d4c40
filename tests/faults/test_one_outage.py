"""Ten signals see one outage: people hear of it once, in one place each, and it is one incident."""

from pathlib import Path

from tests.faults.chat import chatting, started
from tests.faults.processes import SHORT, Daemon

EVENTS = "      events: {render_events: default}\n"
PAGES = ("prices", "cart", "login", "search", "help", "terms", "jobs", "news")
TICKETS = {"channels:\n": "channels:\n  tickets: {github: acme/app}\n"}
EVERYBODY = "policy:\n  critical: {do: ask, tell: [pagerduty, slack, tickets]}\n"


def test_ten_signals_of_one_outage_are_one_page_one_message_one_incident_one_ticket(tmp_path: Path) -> None:
    """Nine pages, a route and the errors fail at once; asked, approved, rolled back, over."""
    with chatting(tmp_path, replace=TICKETS, more=SHORT + EVERYBODY) as chat:
        cloud, daemon = chat.cloud, chat.daemon
        pages = "".join(f'      {one}: {{http: "{cloud.urls["site"]}/?page={one}"}}\n' for one in PAGES)
        cloud.write(replace={EVENTS: pages}, more="")
        started(chat)
        cloud.bad_deploy()
        chat.until_asked("approve", "reject")
        daemon.until(lambda: bad_signals(daemon) >= 10, 60.0)
        chat.click("approve")
        daemon.until_story("CLOSED", 90.0)
        daemon.until(lambda: cloud.log("pagerduty_resolve") and cloud.log("issue_closed"))

        assert len(chat.parents()) == 1 and len(cloud.log("slack_updated")) >= 2
        assert len({entry["dedup_key"] for entry in cloud.log("pagerduty_trigger")}) == 1
        assert len(cloud.log("issue_opened")) == 1
        assert daemon.rows("SELECT count(*) FROM incidents") == [(1,)]
        assert len(cloud.log("rollback_accepted")) == 1


def bad_signals(daemon: Daemon) -> int:
    """Return how many signals fail, as of the last snapshot."""
    row = daemon.cli("status").stdout.splitlines()[1].split()
    return int(row[6])
