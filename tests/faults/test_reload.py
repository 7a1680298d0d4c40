"""SIGHUP with a file that is wrong, and with one that loosens safety: the old configuration stays, people are told."""

import signal
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

import pytest

from tests.settings.hostile_texts import hostile
from tests.support.daemon_processes import Cloud, Daemon, watching
from watchdog.domain.errors import ConfigurationError
from watchdog.settings.load.load import load

REFUSED = "reload refused, keeping the previous configuration"


def reload(cloud: Cloud, daemon: Daemon, text: str) -> None:
    cloud.config.write_text(text, encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)


def alerts(cloud: Cloud, what: str) -> list[str]:
    """Return the keys of the alerts that were triggered or resolved."""
    return [one["dedup_key"] for one in cloud.log(f"pagerduty_{what}")]


def test_case_39_a_wrong_or_looser_configuration_is_refused_and_paged(tmp_path: Path) -> None:
    """A typo and a larger budget are refused with the reason and the difference; a start or a right file ends it.

    In the middle of a rollback as well: what the incident judges by stays, all else is taken.
    """
    with watching(tmp_path, quirks=False, rollback_seconds=8.0) as (cloud, daemon):
        text = cloud.config.read_text(encoding="utf-8")
        reload(cloud, daemon, text.replace("contains:", "contians:"))
        daemon.until(lambda: daemon.said(REFUSED))
        assert "contians" in daemon.said(REFUSED)[0]["mistakes"]
        daemon.until(lambda: len(alerts(cloud, "trigger")) == 1)
        daemon.kill()
        cloud.config.write_text(text, encoding="utf-8")
        daemon.start().until_watching()
        # A page whose delivery was not saved before the kill is sent again: the same alert, and one end of it.
        daemon.until(lambda: set(alerts(cloud, "resolve")) == set(alerts(cloud, "trigger")))

        reload(cloud, daemon, text + "budget: {per_service_per_day: 9}\n")
        daemon.until(lambda: daemon.said(REFUSED))
        refused = daemon.said(REFUSED)[0]
        assert refused["changes"] == ["budget.per_service_per_day: 2 -> 9"]
        assert "safety would be loosened (budget.per_service_per_day: 2 -> 9): restart" in refused["why"]
        daemon.until(lambda: len(set(alerts(cloud, "trigger"))) == 2)

        stricter = text + "budget: {per_service_per_day: 1}\n"
        reload(cloud, daemon, stricter)
        daemon.until(lambda: daemon.said("configuration reloaded"))
        daemon.until(lambda: set(alerts(cloud, "resolve")) == set(alerts(cloud, "trigger")))

        cloud.bad_deploy()
        daemon.until(lambda: cloud.log("rollback_accepted"))
        reload(cloud, daemon, stricter.replace("home:", "start:"))
        why = daemon.until(lambda: daemon.said(REFUSED)[1:])[0]["why"]
        assert why.startswith("web-1 is open and the signal home of web, which it judges, would be gone")
        reload(cloud, daemon, stricter.replace('"</html>"}', '"</html>", timeout: 9s}'))
        daemon.until(lambda: len(daemon.said("configuration reloaded")) == 2)
        daemon.until_story("CLOSED")
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40"], "it guards as before"


@pytest.mark.parametrize(
    "files", [pytest.param(12, marks=pytest.mark.long), pytest.param(300, marks=pytest.mark.nightly)]
)
def test_each_of_many_hostile_files_is_refused_and_told_and_the_old_configuration_stays(
    tmp_path: Path, files: int
) -> None:
    """By SIGHUP to the real daemon: its mistakes in the log, a page of its own; and it guards as before."""
    with watching(tmp_path, quirks=False) as (cloud, daemon):
        text = cloud.config.read_text(encoding="utf-8")
        for wrong in islice(filter(refused_by(cloud), (hostile(number, text) for number in count())), files):
            mistakes = refusal_of(wrong, cloud, daemon)
            assert mistakes.startswith("watchdog.yaml:") and len(mistakes.splitlines()) <= 50, wrong
        daemon.until(lambda: len(set(alerts(cloud, "trigger"))) == files)
        assert all("/configuration/" in key for key in alerts(cloud, "trigger"))
        assert (
            not daemon.said("configuration reloaded")
            and not alerts(cloud, "resolve")
            and "Traceback" not in daemon.words()
        )
        before = daemon.metric("watchdog_probe_total", service="web", outcome="good")
        daemon.until(lambda: daemon.metric("watchdog_probe_total", service="web", outcome="good") > before + 2)

        cloud.bad_deploy()
        daemon.until_story("CLOSED")
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40"], "it guards as before"
        reload(cloud, daemon, text)
        daemon.until(lambda: daemon.said("configuration reloaded"))
        daemon.until(lambda: set(alerts(cloud, "resolve")) >= set(alerts(cloud, "trigger")[:files]))


def refusal_of(wrong: bytes, cloud: Cloud, daemon: Daemon) -> str:
    """Return the mistakes for which a reload of that file is refused."""
    before = len(daemon.said(REFUSED))
    cloud.config.write_bytes(wrong)
    daemon.process.send_signal(signal.SIGHUP)
    return str(daemon.until(lambda: daemon.said(REFUSED)[before:])[0]["mistakes"])


def refused_by(cloud: Cloud) -> Callable[[bytes], bool]:
    """Return what tells whether a file is no configuration: a damaged one may still be one."""
    path = cloud.folder / "beside.yaml"

    def wrong(data: bytes) -> bool:
        path.write_bytes(data)
        try:
            load(path, {}, cloud.folder)
        except ConfigurationError:
            return True
        return False

    return wrong
