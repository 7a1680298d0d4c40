"""The console in the real process: off unless enabled, and then only for the owner of its token."""

from pathlib import Path

import httpx
import pytest

from tests.support.child_processes import python
from tests.support.clocks import LOOPBACK
from tests.support.daemon_processes import SHORT, watching

TOKEN = "c4n4ry-console-0123456789"
ON = "console: {enabled: true}\n"
GIVEN = {"WATCHDOG_CONSOLE_TOKEN": TOKEN}
OTHER = {"WATCHDOG_HTTP_TOKEN": "another-token-0123456789"}
IMPORTED = "import sys, watchdog.app.compose.daemon_run, watchdog.cli.main\n"
IMPORTED += "print([n for n in sys.modules if n.startswith(LOOKED)])"


@pytest.mark.long
def test_it_is_served_beside_health_metrics_and_status(tmp_path: Path) -> None:
    """By the daemon's one server: the page of the service that is watched, the API, and what was there before."""
    with watching(tmp_path, quirks=True, more=ON, variables={**GIVEN, **OTHER}) as (_, daemon):
        daemon.until(daemon.ready)
        base = f"http://127.0.0.1:{daemon.port}"
        assert daemon.get("/status").status_code == 401
        with httpx.Client(base_url=base, **LOOPBACK) as client:
            assert client.get("/").headers["location"] == "/login"
            client.post("/login", data={"token": TOKEN})
            page = client.get("/").text
            assert "/services/web" in page and "autonomous" in page
            assert client.get("/services/web").status_code == client.get("/api/v1/services").status_code == 200
            assert client.get("/healthz").json()["ok"] is True and client.get("/metrics").status_code == 200
        assert TOKEN not in daemon.words()


PAGE = "status_pages: {shop: {title: Acme shop, services: [web], names: {web: Web shop}}}\n"


@pytest.mark.long
def test_a_public_page_needs_no_console(tmp_path: Path) -> None:
    """For anybody, and all else there is as it was: an outage is told, neither its cause nor its service's name."""
    with watching(tmp_path, quirks=True, more=SHORT + PAGE, variables=OTHER) as (cloud, daemon):
        daemon.until(lambda: "All services are operational" in daemon.get("/status/shop").text)
        assert daemon.get("/status").status_code == 401
        assert {daemon.get(path).status_code for path in ("/", "/login", "/status/x")} == {404}
        assert "status: operational" in daemon.get("/status/shop.svg").text
        words = ("--title", "Payments fail", "--text", "We look into it.")
        posted = daemon.cli("announcement", "post", "shop", *words, "--services", "web")
        assert posted.returncode == 0 and "posted on /status/shop as announcement-1" in posted.stdout
        refused = daemon.cli("announcement", "post", "shop", *words, "--services", "moon")
        assert refused.returncode == 1 and "shop does not show moon; it shows: web" in refused.stderr
        cloud.post("faults", target="web", kind="error")
        daemon.until(lambda: daemon.get("/status/shop.json").json()["incidents"])
        text = daemon.get("/status/shop").text
        assert "Payments fail" in text and "<title>Investigating: Payments fail" in daemon.get("/status/shop.atom").text
        assert "Web shop: " in text and "500" not in text and "dep-" not in text


@pytest.mark.long
def test_without_it_nothing_of_it_is_imported() -> None:
    """Neither our package nor the libraries of its extra."""
    code = IMPORTED.replace("LOOKED", "('fastapi', 'jinja2', 'joserfc', 'watchdog.console', 'watchdog.adapters.oidc')")
    assert python("-c", code).stdout == "[]\n"
