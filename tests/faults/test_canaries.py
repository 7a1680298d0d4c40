"""Vendors that repeat our requests in their errors, and faults of our own that hold secrets: none of it comes out.

test_secrets.py shows the same for a cloud that mostly works; here nothing does.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.faults.test_secrets import (
    ASKED,
    CHANNELS,
    MARK,
    OF_A_CLOUD_THAT_WORKS,
    leaks,
    planted,
    printed,
    stored,
    word,
)
from tests.support.clocks import LOOPBACK
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding, until
from tests.support.echoing_vendors import Echo, certificate

RUNNER = Path(__file__).with_name("crashing_daemon.py")
ANSWERS = {
    "render": 401,
    "sentry": 403,
    "pagerduty": 400,
    "slack": 404,
    "webhook": 0,
    "remote_write": 400,
    "heartbeat": 500,
}
MEANT_FOR = {
    "render": {"WATCHDOG_RENDER_API_KEY"},
    "sentry": {"WATCHDOG_SENTRY_TOKEN"},
    "pagerduty": {"WATCHDOG_PAGERDUTY_ROUTING_KEY"},
    "pagerduty_api": {"WATCHDOG_PAGERDUTY_API_TOKEN"},
    "github": {"WATCHDOG_GITHUB_TOKEN", "WATCHDOG_GITHUB_WRITE_TOKEN"},
    "slack": {"WATCHDOG_SLACK_WEBHOOK_URL"},
    "webhook": {"WATCHDOG_WEBHOOK_URL", "WATCHDOG_WEBHOOK_TOKEN"},
    "remote_write": {"WATCHDOG_REMOTE_WRITE_TOKEN"},
    "heartbeat": {"WATCHDOG_HEARTBEAT_URL"},
    "api": {"WATCHDOG_SENTRY_DSN", "WATCHDOG_SENTRY_CRONS_URL"},
}
"""Vendor to the secrets it is rightly given; any other one is a leak, to a stranger."""
TICKETS = "  tickets: {github: acme/app}\n"
MISTAKES = f"""
services:
  web: {{render: srv-web, api_key: {MARK}yaml1, signals: {{home: {{http: "https://bob:{MARK}yaml2@x.example"}}}}}}
channels: {{slack: {{webhook_url: "https://hooks.slack.com/services/{MARK}yaml3"}}}}
store: postgresql://bob:{MARK}yaml4@db.example/x
metrics: {{remote_write: "https://bob:{MARK}yaml5@x.example"}}
"""


def strangers(echo: Echo, secrets: dict[str, str]) -> list[str]:
    """Return which secret reached whom it was not meant for."""
    found = []
    for vendor, requests in echo.received.items():
        others = {name: value for name, value in secrets.items() if name not in MEANT_FOR.get(vendor, set())}
        text = "\n".join(requests)
        found += [f"{name} to {vendor}" for name in others if word(name) in text.lower()]
    return found


def configure(cloud: Cloud, echo: Echo, secrets: dict[str, str]) -> None:
    """Point every vendor at the echo, every channel on, the log at its most talkative."""
    vendors = {
        f'{vendor}: "{cloud.urls[vendor]}"': f'{vendor}: "{echo.base}/{vendor}"'
        for vendor in ("render", "sentry", "pagerduty", "pagerduty_api", "slack", "github")
        if f'{vendor}: "{cloud.urls[vendor]}"' in cloud.config.read_text()
    }
    assert {"render", "sentry", "pagerduty", "pagerduty_api", "github"} <= {line.partition(":")[0] for line in vendors}
    listen = f'"127.0.0.1:0", remote_write: "{echo.base}/remote_write", every: 1s}}'
    cloud.write(
        replace={
            **vendors,
            **ASKED,
            '"127.0.0.1:0"}': listen,
            "  pagerduty: {}\n": "  pagerduty: {}" + CHANNELS + TICKETS,
        },
        more=SHORT + "repository: github\nlog: {level: debug}\n",
    )
    (cloud.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))


def answers_of(daemon: Daemon, token: str) -> dict[str, str]:
    """Return everything that the daemon's own server says, with the token and without."""
    paths = ("/metrics", "/healthz", "/readyz", "/status", "/nothing")
    seen = {path: daemon.get(path).text for path in paths}
    given = {"authorization": f"Bearer {token}"}
    for path in paths:
        url = f"http://127.0.0.1:{daemon.port}{path}"
        answer = httpx.get(url, headers=given, **LOOPBACK)
        seen[f"{path} with the token"] = f"{answer.headers}\n{answer.text}"
    return seen


def mistaken(daemon: Daemon, folder: Path) -> dict[str, str]:
    """Return what is said of a configuration full of secrets in the wrong places, and of secrets that are wrong."""
    folder.mkdir()
    (folder / "watchdog.yaml").write_text(MISTAKES)
    (folder / ".env").write_text(
        f"WATCHDOG_RENDER_API_KEY='{MARK} with a space'\nWATCHDOG_SLACK_WEBHOOK_URL=hooks.example/{MARK}\n"
        f"WATCHDOG_STORE_URL=mysql://bob:{MARK}@x\nWATCHDOG_SENTRY_DSN=https://{MARK}\nWATCHDOG_RENDER_APIKEY={MARK}\n"
    )
    commands = ("check", "run", "status")
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda command: daemon.cli(command, config=folder / "watchdog.yaml"), commands))
    assert all(one.returncode != 0 and "Traceback" not in one.stderr for one in done)
    return {f"mistaken {command}": one.stdout + one.stderr for command, one in zip(commands, done, strict=True)}


@pytest.mark.long
def test_no_secret_comes_back_from_vendors_that_repeat_it(tmp_path: Path) -> None:
    """401, 403, 400, 404, 500, a hang and TLS that nobody trusts, through a whole incident, with a fault of our own."""
    own, trusted = certificate(tmp_path)
    with (
        Echo(ANSWERS).serving() as echo,
        Echo({}, own).serving() as tls,
        guarding(tmp_path / "guarded", quirks=False, variables={"SSL_CERT_FILE": str(trusted)}) as (cloud, daemon),
    ):
        secrets = planted(echo.base, f"{echo.base}/slack/services", tls.base, tls.base)
        del secrets["WATCHDOG_REMOTE_WRITE_PASSWORD"], secrets["WATCHDOG_STORE_URL"]  # others are set instead
        configure(cloud, echo, secrets)
        daemon.start(sys.executable, str(RUNNER), str(cloud.config))
        _until(lambda: daemon.said("watching"), daemon)
        cloud.post("faults", target="web", kind="error")
        _until(lambda: daemon.story("CRITICAL"), daemon)
        _until(lambda: set(ANSWERS) <= set(echo.received), daemon)
        _until(lambda: tls.received["api"], daemon)
        _until(lambda: daemon.said("task failed"), daemon)
        seen = answers_of(daemon, secrets["WATCHDOG_HTTP_TOKEN"])
        assert '"services"' in seen["/status with the token"] or "web" in seen["/status with the token"]
        seen |= printed(daemon, OF_A_CLOUD_THAT_WORKS)
        seen |= mistaken(daemon, tmp_path / "mistaken")
        assert {"pagerduty_api", "github"} <= set(echo.received), "asked by check --live"
        daemon.stop()
        seen |= {"the daemon": daemon.words(), "the store": stored(daemon)}
        assert "RuntimeError" in seen["the daemon"] and "RuntimeError" in "".join(tls.received["api"])
        assert {where: leaks(text, secrets) for where, text in seen.items() if leaks(text, secrets)} == {}
        assert strangers(echo, secrets) == [] == strangers(tls, secrets)
        assert word("WATCHDOG_RENDER_API_KEY") in echo.received["render"][0], "it was given to whom it is for"


def _until(condition: Callable[[], object], daemon: Daemon) -> None:
    """Wait for a condition, though tasks fail on purpose here."""
    until(condition, lambda: daemon.words()[-4000:])


@pytest.mark.long
def test_no_password_of_a_database_that_is_away(tmp_path: Path) -> None:
    """The url of PostgreSQL holds user and password; nobody listens there, and the daemon says so without them."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        cloud.write()
        text = cloud.config.read_text()
        line = next(line for line in text.splitlines() if line.startswith("store:"))
        cloud.config.write_text(text.replace(line, "store: postgresql"))
        with (cloud.folder / ".env").open("a") as file:
            file.write(f"WATCHDOG_STORE_URL=postgresql://bob:{MARK}@127.0.0.1:1/watchdog\n")
        daemon.start()
        _until(lambda: any("without its store" in page for page in cloud.pages()), daemon)
        seen = {path: daemon.get(path).text for path in ("/metrics", "/healthz", "/readyz")}
        for command in (("status",), ("check", "--live"), ("incidents",), ("pause",)):
            done = daemon.cli(*command)
            seen[" ".join(command)] = done.stdout + done.stderr
        daemon.stop()
        seen["the daemon"] = daemon.words()
        seen["the pagers"] = "".join(str(entry) for entry in cloud.log() if entry["what"] != "request")
        assert [where for where, text in seen.items() if MARK in text.lower()] == []
