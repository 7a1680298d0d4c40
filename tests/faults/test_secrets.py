"""No secret ever comes out: logs, /metrics, the store's file, answers of the command line, notices to people."""

import base64
from pathlib import Path

import pytest

from tests.faults.processes import SHORT, Cloud, Daemon, guarding
from watchdog.settings.secrets import KNOWN

MARK = "c4n4ry"
CHANNELS = """
  webhook: {}
  email: {smtp: "127.0.0.1:1", from: watchdog@example.com, to: [ops@example.com], user: bob}
"""
COMMANDS = (
    ("explain", "web-1"),
    ("deploys", "web"),
    ("status",),
    ("incidents",),
    ("check", "--live"),
    ("notify", "test"),
    ("once",),
    ("rollback", "web"),
)


def canaries(cloud: Cloud, password: bool) -> dict[str, str]:
    """Return a value for every secret there is; each holds a word of its own."""
    vendors = cloud.urls["webhook"].removesuffix("/webhook")
    words = {name: MARK + name.removeprefix("WATCHDOG_").replace("_", "").lower() for name in KNOWN}
    values = words | {
        "WATCHDOG_SLACK_WEBHOOK_URL": f"{vendors}/slack/webhook/T0/B0/{words['WATCHDOG_SLACK_WEBHOOK_URL']}",
        "WATCHDOG_PAGERDUTY_ROUTING_KEY": words["WATCHDOG_PAGERDUTY_ROUTING_KEY"].ljust(32, "0"),
        "WATCHDOG_WEBHOOK_URL": f"{vendors}/webhook?key={words['WATCHDOG_WEBHOOK_URL']}",
        "WATCHDOG_HEARTBEAT_URL": f"{vendors}/heartbeat/{words['WATCHDOG_HEARTBEAT_URL']}",
        "WATCHDOG_SENTRY_CRONS_URL": f"{vendors}/crons/api/1/cron/watchdog/{words['WATCHDOG_SENTRY_CRONS_URL']}/",
        "WATCHDOG_HTTP_TOKEN": words["WATCHDOG_HTTP_TOKEN"].ljust(40, "0"),
        "WATCHDOG_SENTRY_DSN": f"https://{words['WATCHDOG_SENTRY_DSN']}@127.0.0.1:1/1",
    }
    del values["WATCHDOG_STORE_URL"]  # the other kind of store: test_canaries.py
    values.pop("WATCHDOG_REMOTE_WRITE_TOKEN" if password else "WATCHDOG_REMOTE_WRITE_PASSWORD")
    return values


def leaks(text: str, secrets: dict[str, str]) -> list[str]:
    """Return the variables whose value shows in a text, plain or in base64."""
    found = [name for name, value in secrets.items() if value in text or value.rpartition(MARK)[2] in text]
    encoded = [f"bob:{value}" for value in secrets.values()] + list(secrets.values())
    found += [form for form in encoded if base64.b64encode(form.encode()).decode().rstrip("=") in text]
    return found + ([MARK] if MARK in text.lower() else [])


def told(cloud: Cloud) -> str:
    """Return what the pagers were told, without the addresses under which they were."""
    notices = ("pagerduty_trigger", "pagerduty_resolve", "slack_webhook", "slack_posted", "webhook")
    return "\n".join(str(entry) for entry in cloud.log() if entry["what"] in notices)


def stored(daemon: Daemon) -> str:
    """Return everything in the files of the store."""
    files = sorted(daemon.cloud.folder.glob("watchdog.db*"))
    assert files
    return "\n".join(file.read_bytes().decode("latin-1") for file in files)


@pytest.mark.parametrize("password", [False, True])
def test_canary_secrets_never_show(tmp_path: Path, password: bool) -> None:
    """Render and Sentry answer 401, channels are down or broken, the log is at its most talkative."""
    with guarding(tmp_path, quirks=password) as (cloud, daemon):
        secrets = canaries(cloud, password)
        assert all(leaks(f"GET {value}", secrets) for value in secrets.values()), "a leak would be seen"
        user = ", remote_write_user: bob" if password else ""
        cloud.write(
            replace={
                '"127.0.0.1:0"}': f'"127.0.0.1:0", remote_write: "{cloud.urls["remote_write"]}", every: 1s{user}}}',
                "  pagerduty: {}\n": "  pagerduty: {}" + CHANNELS,
            },
            more=SHORT + "log: {level: debug}\n",
        )
        (cloud.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
        for name, mode, times in (("pagerduty", "error_500", 2), ("webhook", "down", 1), ("remote_write", "down", 2)):
            cloud.post("modes", name=name, mode=mode, times=times)
        daemon.start().until_watching()
        cloud.post("faults", target="web", kind="error")
        daemon.until(lambda: cloud.pages() and cloud.log("webhook"), 60.0)
        daemon.until(lambda: cloud.log("remote_write"))
        daemon.until(lambda: daemon.said("notice", channel="slack", outcome="failed"))
        daemon.until(lambda: daemon.said("notice", channel="email", outcome="failed"))
        seen = {path: daemon.get(path).text for path in ("/metrics", "/healthz", "/readyz", "/nothing")}
        for command in COMMANDS if password else COMMANDS[:2]:
            done = daemon.cli(*command)
            assert "Traceback" not in done.stderr
            seen[" ".join(command)] = done.stdout + done.stderr
        daemon.process.terminate()
        assert daemon.until_ended() == 0
        seen |= {"the daemon": daemon.words(), "the pagers": told(cloud), "the store": stored(daemon)}
        assert {where: leaks(text, secrets) for where, text in seen.items() if leaks(text, secrets)} == {}
        assert "web-1" in seen["explain web-1"] and "401" in seen["deploys web"]
        assert "a task failed" not in daemon.words()
