"""The real daemon under hostile HTTP for some seconds; for a minute, with lateness: tests.benchmarks.hostile_http."""

from pathlib import Path

import pytest

from tests.benchmarks.hostile_http import LINES_MAX, TOKEN, asked, attacked
from tests.support.daemon_processes import SHORT, guarding


@pytest.mark.long
def test_under_hostile_http_a_platform_is_answered_and_the_log_stays_short(tmp_path: Path) -> None:
    """Two hundred connections from four addresses send all that we know of; another address asks for health."""
    with guarding(tmp_path, quirks=False, variables={"WATCHDOG_CONSOLE_TOKEN": TOKEN}) as (cloud, daemon):
        cloud.write(more=SHORT + "console: {enabled: true}\n")
        daemon.start().until_watching()
        assert daemon.port is not None
        before = len(daemon.words().split("\n"))
        with attacked(daemon.port, 5.0, addresses=4) as process:
            answered = 0
            while process.poll() is None:
                answered += bool(asked(daemon.port, "/readyz"))
        assert answered >= 2 and len(daemon.words().split("\n")) - before <= LINES_MAX
        assert "Traceback" not in daemon.words() and "task failed" not in daemon.words(), daemon.words()[-4000:]
        daemon.process.terminate()
        assert daemon.until_ended() == 0
