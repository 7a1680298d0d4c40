"""SIGHUP with a file that is wrong, and with one that loosens safety: the old configuration stays, people are told."""

import signal
from pathlib import Path

from tests.support.daemon_processes import Cloud, Daemon, guarding

REFUSED = "reload refused, the old configuration stays"


def reload(cloud: Cloud, daemon: Daemon, text: str) -> None:
    """Write the file anew and ask for a reload."""
    cloud.config.write_text(text, encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)


def pages(cloud: Cloud) -> int:
    """Return how many pages said that a reload was refused."""
    return sum("refused to reload" in page for page in cloud.pages())


def test_case_39_a_wrong_or_looser_configuration_is_refused_and_paged(tmp_path: Path) -> None:
    """A typo and a larger budget are refused with the reason and the difference; a right file ends the page."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        cloud.write()
        text = cloud.config.read_text(encoding="utf-8")
        daemon.start().until_watching()

        reload(cloud, daemon, text.replace("contains:", "contians:"))
        daemon.until(lambda: daemon.said(REFUSED))
        assert "contians" in daemon.said(REFUSED)[0]["mistakes"]
        daemon.until(lambda: pages(cloud) == 1)

        reload(cloud, daemon, text + "budget: {per_service_per_day: 9}\n")
        daemon.until(lambda: len(daemon.said(REFUSED)) == 2)
        refused = daemon.said(REFUSED)[1]
        assert refused["changes"] == ["budget.per_service_per_day: 2 -> 9"]
        assert "safety would be loosened (budget.per_service_per_day: 2 -> 9): restart" in refused["why"]

        stricter = text + "budget: {per_service_per_day: 1}\n"
        reload(cloud, daemon, stricter)
        daemon.until(lambda: daemon.said("reloaded"))
        daemon.until(lambda: cloud.log("pagerduty_resolve"))
        opened, ended = ({one["dedup_key"] for one in cloud.log(f"pagerduty_{it}")} for it in ("trigger", "resolve"))
        assert opened == ended == {"watchdog/watchdog/reload"}

        cloud.bad_deploy()
        daemon.until_story("CLOSED")
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40"], "it guards as before"
