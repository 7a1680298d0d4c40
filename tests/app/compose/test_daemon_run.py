"""The life of the daemon as a process: roles, reload, health, how it starts and ends. Commands: test_cli_service.py."""

import contextlib
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.faults.test_kill import assert_one_rollback_and_a_closed_incident
from tests.support.clocks import LOOPBACK, PATIENCE_SECONDS
from tests.support.daemon_processes import SHORT, Daemon, environment, guarding, together, until, watching

TWO_SERVICES = """
  api:
    render: srv-api
    mode: observe
    signals:
      items: {{http: "{api}/"}}
dependencies:"""


@pytest.mark.long
def test_a_second_one_stands_by_and_takes_over(tmp_path: Path) -> None:
    """Two at once are normal during our own deploy: one acts; killed with a rollback in hand, the other finishes it."""
    with watching(tmp_path, quirks=True, rollback_seconds=2.0) as (cloud, daemon):
        cloud.post("modes", name="rollback", mode="slow", times=1)
        second = Daemon(cloud, name="second")
        try:
            second.start()
            told = second.until(lambda: second.said("another watchdog holds the store, standing by"))
            assert told[0]["process"] == daemon.process.pid
            cloud.bad_deploy()
            daemon.until(lambda: cloud.log("rollback_accepted"))
            assert not second.said("watching")
            daemon.kill()
            assert_one_rollback_and_a_closed_incident(cloud, second)
            assert len(cloud.requests("render", "POST")) == 1
            second.stop()
        finally:
            second.end()


def reload(daemon: Daemon, text: str, words: str) -> dict[str, object]:
    """Write a configuration, send SIGHUP, and return the log line that answers."""
    before = len(daemon.said(words))
    daemon.cloud.config.write_text(text, encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    return daemon.until(lambda: daemon.said(words)[before:])[0]


@pytest.mark.long
def test_hup_takes_a_valid_configuration_and_keeps_the_old_one_otherwise(tmp_path: Path) -> None:
    """A new service is watched; a broken file, and more rights to act, are refused in words; it guards on."""
    refused = "reload refused, keeping the previous configuration"
    with watching(tmp_path, quirks=False) as (cloud, daemon):
        text = cloud.config.read_text(encoding="utf-8")
        wider = text.replace("\ndependencies:", TWO_SERVICES.format(**cloud.urls))
        assert reload(daemon, wider, "configuration reloaded")["services"] == ["web", "api"]
        daemon.until(lambda: daemon.metric("watchdog_probe_total", service="api", outcome="good") >= 2)
        broken = reload(daemon, wider.replace("contains:", "containz:"), refused)
        assert "containz" in str(broken["mistakes"]) and "watchdog.yaml:" in str(broken["mistakes"])
        more = wider.replace("render: srv-api\n    mode: observe", "render: srv-api\n    mode: autonomous")
        assert "restart" in str(reload(daemon, more, refused)["why"])
        assert "log changed" in str(reload(daemon, wider + "log: {level: debug}\n", refused)["why"])
        assert reload(daemon, text, "configuration reloaded")["services"] == ["web"]
        before = daemon.metric("watchdog_probe_total", service="web", outcome="good")
        daemon.until(lambda: daemon.metric("watchdog_probe_total", service="web", outcome="good") >= before + 4)
        assert daemon.metric("watchdog_probe_total", service="api") == 0
        cloud.bad_deploy()
        daemon.until_story("CRITICAL")
        assert reload(daemon, text + "# a comment\n", "configuration reloaded")
        assert_one_rollback_and_a_closed_incident(cloud, daemon)


@pytest.mark.long
def test_it_says_when_it_is_ready_and_whether_it_is_well(tmp_path: Path) -> None:
    """/readyz waits for the first readings; /healthz is well, and ill while blind; other paths are not there."""
    with guarding(tmp_path, quirks=True) as (cloud, daemon):
        cloud.write(more=SHORT.replace("run_probes_min: 3", "run_probes_min: 3, control: 3s"))
        daemon.start()
        daemon.until(lambda: daemon.port)
        daemon.until(daemon.ready)
        assert daemon.get("/healthz").json() == {"ok": True, "reasons": []} and daemon.get("/").status_code == 404
        for target in ("control", "web"):
            cloud.post("faults", target=target, kind="refused")
        daemon.until(lambda: daemon.get("/healthz").status_code == 503)
        assert any("blind" in why for why in daemon.get("/healthz").json()["reasons"])
        cloud.post("faults", target="web", kind="good")
        cloud.post("faults", target="control", kind="good")
        daemon.until(lambda: daemon.get("/healthz").status_code == 200)
        assert cloud.untouched()


def test_its_status_is_for_the_owner_of_the_token(tmp_path: Path) -> None:
    """In the real process: 401 to a stranger, phases and signals to the owner, health to everybody."""
    token = "c4n4ry-0123456789-0123456789"
    variables = {"RENDER_EXTERNAL_HOSTNAME": "watchdog.onrender.com", "WATCHDOG_HTTP_TOKEN": token}
    with watching(tmp_path, quirks=True, variables=variables) as (_, daemon):
        daemon.until(daemon.ready)
        assert daemon.get("/status").status_code == daemon.get("/nowhere").status_code == 401
        url = f"http://127.0.0.1:{daemon.port}/status"
        right = {"authorization": f"Bearer {token}"}
        for host, status in (("watchdog.onrender.com", 200), ("evil.example", 421)):  # the settings' names, no other
            assert httpx.get(url, headers={**right, "host": host}, **LOOPBACK).status_code == status
        told = httpx.get(url, headers=right, **LOOPBACK).json()
        assert told["services"]["web"]["phase"] == "calm" and told["services"]["web"]["held"] is True
        assert all(signal["verdict"] == "good" for signal in told["services"]["web"]["signals"].values())
        assert token not in daemon.words()


def test_it_sends_its_last_metrics_when_it_stops(tmp_path: Path) -> None:
    """One batch at the start, one at the end, though the interval is an hour."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        sends = f'"127.0.0.1:0", remote_write: "{cloud.urls["remote_write"]}", every: 1h}}'
        cloud.write(replace={'"127.0.0.1:0"}': sends})
        daemon.start().until_watching()
        daemon.until(lambda: len(cloud.log("remote_write")) == 1)
        daemon.process.terminate()
        # A batch whose answer was still on its way is sent again: three on a busy machine.
        assert daemon.until_ended() == 0 and len(cloud.log("remote_write")) in (2, 3)


@pytest.mark.long
def test_it_stops_in_time_while_nobody_takes_its_metrics(tmp_path: Path) -> None:
    """A receiver that hangs does not keep the process."""
    with guarding(tmp_path, quirks=True) as (cloud, daemon):
        sends = f'"127.0.0.1:0", remote_write: "{cloud.urls["remote_write"]}", every: 1s}}'
        cloud.write(replace={'"127.0.0.1:0"}': sends})
        cloud.post("modes", name="remote_write", mode="hang")
        daemon.start().until_watching()
        daemon.until(lambda: cloud.requests("remote_write", "POST"))
        daemon.stop()


def ends_in_words(folder: Path, code: int, word: str, change: dict[str, str], secrets: str = "") -> None:
    """A daemon that cannot start says why in one sentence, names its page, ends by itself, and touches nothing."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=change, secrets=secrets)
        daemon.start()
        assert daemon.until_ended() == code, daemon.words()
        line, page = daemon.errors().splitlines()
        assert word in line and page.startswith("Handbook: ") and "Traceback" not in daemon.words()
        assert cloud.untouched()


@pytest.mark.long
def test_a_start_that_cannot_be_ends_in_words(tmp_path: Path) -> None:
    """A DSN that is none, a service name that nobody has."""
    name, dsn = {"render: srv-web": "render: shop"}, "WATCHDOG_SENTRY_DSN=https://example.com/1\n"
    together(
        lambda: ends_in_words(tmp_path / "dsn", 2, "WATCHDOG_SENTRY_DSN", {}, dsn),
        lambda: ends_in_words(tmp_path / "name", 2, "no service of that name", name),
        lambda: its_port_is_taken(tmp_path / "port"),
    )


def its_port_is_taken(folder: Path) -> None:
    """The site is watched and its outage paged; the port is used once it is free."""
    with socket.socket() as taken, guarding(folder, quirks=False) as (cloud, daemon):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        url = f"127.0.0.1:{taken.getsockname()[1]}"
        cloud.write(replace={'"127.0.0.1:0"': f'"{url}"'})
        daemon.start()
        until(lambda: daemon.said("not listening, retrying"))
        cloud.post("faults", target="web", kind="refused")
        until(cloud.pages)
        taken.close()
        until(lambda: daemon.said("watching") and answers(f"http://{url}/healthz"))
        daemon.stop()


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.ConnectError):
        return httpx.get(url, **LOOPBACK).status_code in (200, 503)
    return False


def names_are_looked_up(folder: Path) -> None:
    """Render refuses the key, or is away, at a start that needs it for a name: the site is watched and paged.

    Nothing is asked or changed by the id of before; once Render says the id, the deploy is rolled back.
    """
    with guarding(folder, quirks=True) as (cloud, daemon):
        cloud.write(replace={"render: srv-web": "render: web"})
        daemon.start().until_watching()
        daemon.stop()
        daemon.variables["WATCHDOG_RENDER_API_KEY"] = "rnd_FAKE_other"
        daemon.start()
        daemon.until(lambda: daemon.said("integration failing", integration="platform/Render", how="refused"))
        daemon.stop()
        del daemon.variables["WATCHDOG_RENDER_API_KEY"]
        cloud.post("modes", name="render", mode="error_500")
        daemon.start()
        cloud.bad_deploy()
        daemon.until(cloud.pages)
        daemon.until(lambda: daemon.said("integration failing", integration="platform/Render", how="failing"))
        assert cloud.untouched()
        cloud.post("modes", name="render", mode="ok")
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(daemon.said("watching")) == 2


def nobody_reads_the_log(folder: Path) -> None:
    """A full or closed standard output costs log lines, never the guard."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write()
        process = subprocess.Popen(daemon.command("run"), stdout=subprocess.PIPE, env=environment(), cwd=cloud.folder)
        try:
            assert process.stdout is not None and any(b"listening" in line for line in process.stdout)
            process.stdout.close()
            cloud.bad_deploy()
            until(lambda: cloud.log("pagerduty_resolve"))
            assert len(cloud.log("rollback_accepted")) == 1
            process.terminate()
            assert process.wait(timeout=PATIENCE_SECONDS) == 0
        finally:
            process.kill()
            process.wait(timeout=PATIENCE_SECONDS)


@pytest.mark.long
def test_it_guards_though_the_platform_is_late_or_nobody_reads_its_log(tmp_path: Path) -> None:
    """A platform that is away at the start is waited for; a closed standard output is no reason to stop."""
    together(lambda: names_are_looked_up(tmp_path / "names"), lambda: nobody_reads_the_log(tmp_path / "log"))
