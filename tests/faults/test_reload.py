"""SIGHUP with a file that is wrong, and with one that loosens safety: the old configuration stays, people are told."""

import signal
from pathlib import Path

from tests.support.daemon_processes import Cloud, Daemon, guarding

REFUSED = "reload refused, the old configuration stays"


def reload(cloud: Cloud, daemon: Daemon, text: str) -> None:
    """Write the file anew and ask for a reload."""
    cloud.config.write_text(text, encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)


def alerts(cloud: Cloud, what: str) -> list[str]:
    """Return the keys of the alerts that were triggered or resolved."""
    return [one["dedup_key"] for one in cloud.log(f"pagerduty_{what}")]


def test_case_39_a_wrong_or_looser_configuration_is_refused_and_paged(tmp_path: Path) -> None:
    """A typo and a larger budget are refused with the reason and the difference; a start or a right file ends it."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        cloud.write()
        text = cloud.config.read_text(encoding="utf-8")
        daemon.start().until_watching()

        reload(cloud, daemon, text.replace("contains:", "contians:"))
        daemon.until(lambda: daemon.said(REFUSED))
        assert "contians" in daemon.said(REFUSED)[0]["mistakes"]
        daemon.until(lambda: len(alerts(cloud, "trigger")) == 1)
        daemon.kill()
        cloud.config.write_text(text, encoding="utf-8")
        daemon.start().until_watching()
        daemon.until(lambda: alerts(cloud, "resolve") == alerts(cloud, "trigger"))

        reload(cloud, daemon, text + "budget: {per_service_per_day: 9}\n")
        daemon.until(lambda: daemon.said(REFUSED))
        refused = daemon.said(REFUSED)[0]
        assert refused["changes"] == ["budget.per_service_per_day: 2 -> 9"]
        assert "safety would be loosened (budget.per_service_per_day: 2 -> 9): restart" in refused["why"]
        daemon.until(lambda: len(set(alerts(cloud, "trigger"))) == 2)

        stricter = text + "budget: {per_service_per_day: 1}\n"
        reload(cloud, daemon, stricter)
        daemon.until(lambda: daemon.said("reloaded"))
        daemon.until(lambda: alerts(cloud, "resolve") == alerts(cloud, "trigger"))

        cloud.bad_deploy()
        daemon.until_story("CLOSED")
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40"], "it guards as before"
