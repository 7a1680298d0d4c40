"""No secret ever comes out: logs, /metrics, the store's tables, answers of the command line, notices to people."""

import base64
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.canaries import forms
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding
from tests.support.databases import dumped, postgresql
from watchdog.settings.load.secrets import KNOWN

MARK = "c4n4ry"
PROBED = "WATCHDOG_PROBE_KEY"
HTML, PLACE = 'contains: "</html>"', f'"${{{PROBED}}}"'
ASKED = {f"{HTML}}}": f"{HTML}, headers: {{x-key: {PLACE}}}, auth: {{bearer: {PLACE}}}}}"}
"""What makes the probe of the home page send a secret of the site."""
CHANNELS = """
  webhook: {}
  email: {smtp: "127.0.0.1:1", from: watchdog@example.com, to: [ops@example.com], user: bob}
"""
OF_A_CLOUD_THAT_WORKS = (
    ("explain", "web-1"),
    ("service", "deploys", "web"),
    ("incident", "postmortem", "web-1"),
    ("status",),
    ("incident", "list"),
    ("check", "--live"),
    ("channel", "test"),
    ("once",),
    ("rollback", "web"),
)


def word(name: str) -> str:
    return MARK + name.removeprefix("WATCHDOG_").replace("_", "").lower()


def planted(vendors: str, slack: str, crons: str, sentry: str) -> dict[str, str]:
    """Return a value for every secret there is, each with a word of its own, given where its vendors are asked."""
    return {name: word(name) for name in KNOWN} | {
        "WATCHDOG_SLACK_WEBHOOK_URL": f"{slack}/T0/B0/{word('WATCHDOG_SLACK_WEBHOOK_URL')}",
        "WATCHDOG_PAGERDUTY_ROUTING_KEY": word("WATCHDOG_PAGERDUTY_ROUTING_KEY").ljust(32, "0"),
        "WATCHDOG_WEBHOOK_URL": f"{vendors}/webhook?key={word('WATCHDOG_WEBHOOK_URL')}",
        "WATCHDOG_APPRISE_URLS": f"json://{vendors.partition('://')[2]}/apprise/{word('WATCHDOG_APPRISE_URLS')}",
        "WATCHDOG_HEARTBEAT_URL": f"{vendors}/heartbeat/{word('WATCHDOG_HEARTBEAT_URL')}",
        "WATCHDOG_SENTRY_CRONS_URL": f"{crons}/api/1/cron/watchdog/{word('WATCHDOG_SENTRY_CRONS_URL')}/",
        "WATCHDOG_SENTRY_DSN": f"{sentry}/1".replace("://", f"://{word('WATCHDOG_SENTRY_DSN')}@"),
        PROBED: word(PROBED),
        "WATCHDOG_HTTP_TOKEN": word("WATCHDOG_HTTP_TOKEN").ljust(40, "0"),
        **{name: word(name).ljust(40, "0") for name in KNOWN if name.startswith("WATCHDOG_CONSOLE_")},
    }


def canaries(cloud: Cloud, password: bool, store_url: str) -> dict[str, str]:
    """Return a value for every secret that may be set beside that one, also PostgreSQL's password."""
    vendors = cloud.urls["webhook"].removesuffix("/webhook")
    values = planted(vendors, f"{vendors}/slack/webhook", f"{vendors}/crons", "https://127.0.0.1:1")
    values["WATCHDOG_STORE_URL"] = store_url.replace("@", f":{word('WATCHDOG_STORE_URL')}@", 1)
    del values["WATCHDOG_REMOTE_WRITE_TOKEN" if password else "WATCHDOG_REMOTE_WRITE_PASSWORD"]
    return values


def leaks(text: str, secrets: dict[str, str]) -> list[str]:
    """Return the variables whose value, or the word in it, shows in a text: plain, as in an address, or in base64."""
    found = []
    for name, value in secrets.items():
        word = re.search(rf"{MARK}\w*", value)
        assert word is not None, name
        shown = {form for part in (value, word[0]) for form in forms(part)} | {word[0].removeprefix(MARK)}
        found += [name] if any(form in text for form in shown) else []
    return found + ([MARK] if MARK in text.lower() else [])


def printed(daemon: Daemon, commands: Sequence[tuple[str, ...]]) -> dict[str, str]:
    with ThreadPoolExecutor(6) as pool:
        done = dict(zip(commands, pool.map(lambda command: daemon.cli(*command), commands), strict=True))
    assert not [one.stderr for one in done.values() if "Traceback" in one.stderr or "--help" in one.stderr]
    return {" ".join(command): one.stdout + one.stderr for command, one in done.items()}


def told(cloud: Cloud) -> str:
    notices = ("pagerduty_trigger", "pagerduty_resolve", "slack_webhook", "slack_posted", "webhook")
    return "\n".join(str(entry) for entry in cloud.log() if entry["what"] in notices)


def stored(daemon: Daemon) -> str:
    """Return everything in the files of the store, or in the tables of the database."""
    if daemon.record.url.startswith("postgresql"):
        return dumped(daemon.record)
    files = sorted(daemon.cloud.folder.glob("watchdog.db*"))
    assert files
    return "\n".join(file.read_bytes().decode("latin-1") for file in files)


@pytest.mark.long
@pytest.mark.parametrize("password", [False, True])
def test_canary_secrets_never_show(tmp_path: Path, password: bool) -> None:
    """Render and Sentry answer 401, channels are down or broken, the log is at its most talkative, on PostgreSQL."""
    with (
        postgresql() as databases,
        guarding(tmp_path, quirks=password) as (cloud, daemon),
        databases(cloud.folder) as daemon.record,
    ):
        secrets = canaries(cloud, password, daemon.record.url)
        assert all(leaks(f"GET {value}", secrets) for value in secrets.values()), "a leak would be seen"
        user = ", remote_write_user: bob" if password else ""
        cloud.write(
            replace=ASKED
            | {
                '"127.0.0.1:0"}': f'"127.0.0.1:0", remote_write: "{cloud.urls["remote_write"]}", every: 1s{user}}}',
                "  pagerduty: {}\n": "  pagerduty: {}" + CHANNELS,
                f'store: "sqlite:///{cloud.folder.resolve()}/watchdog.db"': "store: postgresql",
            },
            more=SHORT + "log: {level: debug}\n",
        )
        (cloud.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
        for name, mode, times in (("pagerduty", "error_500", 2), ("webhook", "down", 1), ("remote_write", "down", 2)):
            cloud.post("modes", name=name, mode=mode, times=times)
        daemon.start().until_watching()
        cloud.post("faults", target="web", kind="error")
        daemon.until(lambda: cloud.pages() and cloud.log("webhook"))
        daemon.until(lambda: cloud.log("remote_write"))
        daemon.until(lambda: daemon.said("notice", channel="slack", outcome="failed"))
        daemon.until(lambda: daemon.said("notice", channel="email", outcome="failed"))
        seen = {path: daemon.get(path).text for path in ("/metrics", "/healthz", "/readyz", "/nothing")}
        seen |= printed(daemon, OF_A_CLOUD_THAT_WORKS if password else OF_A_CLOUD_THAT_WORKS[:2])
        daemon.stop()
        seen |= {"the daemon": daemon.words(), "the pagers": told(cloud), "the store": stored(daemon)}
        assert {where: leaks(text, secrets) for where, text in seen.items() if leaks(text, secrets)} == {}
        assert (
            "web-1" in seen["explain web-1"] and "401" in seen["service deploys web"] and "web-1" in seen["the store"]
        )
        assert "task failed" not in daemon.words()


def test_each_secret_is_recognised_in_disguise() -> None:
    """As it is, in an address, in base64 after other text; an ordinary line is nothing."""
    secrets = {"WATCHDOG_WEBHOOK_URL": f"https://x.example/a?key={MARK}webhookurl"}
    (value,) = secrets.values()
    for shown in (value, quote(value, safe=""), "webhookurl", *(f"{'x' * n}{value}" for n in range(3))):
        assert leaks(base64.b64encode(shown.encode()).decode(), secrets) or shown == "webhookurl"
        assert "WATCHDOG_WEBHOOK_URL" in leaks(shown, secrets)
    assert leaks("an ordinary line about the webhook of web-1", secrets) == []
