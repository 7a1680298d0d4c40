"""The configuration the sandbox writes for a watchdog: a user's file, with every address of the sandbox in it."""

from pathlib import Path

import yaml

from tests.sandbox.world import World
from watchdog.sandbox import keys
from watchdog.sandbox.config_file import write_config


async def test_the_configuration_names_the_sandbox(world: World, tmp_path: Path) -> None:
    """Services, signals, endpoints, control targets and status pages are the sandbox's; the store is in the folder."""
    urls = world.sandbox.urls
    path = write_config(tmp_path / "guard", urls)
    config = yaml.safe_load(path.read_text())
    web = config["services"]["web"]
    assert (web["render"], web["mode"]) == ("srv-web", "autonomous")
    assert web["signals"]["home"] == {"http": f"{urls['site']}/", "contains": "</html>"}
    vendors = ("render", "sentry", "pagerduty", "pagerduty_api", "slack", "github")
    assert config["endpoints"] == {name: urls[name] for name in vendors} and config["control"] == urls["control"]
    assert config["vendor_status"] == {name: urls[f"status_{name}"] for name in ("render", "sentry")}
    assert config["store"] == f"sqlite:///{path.parent.resolve()}/watchdog.db"


async def test_the_secrets_open_the_sandbox(world: World, tmp_path: Path) -> None:
    """The keys in .env are the ones the sandbox accepts, none is in the configuration, and all are visibly fake."""
    path = write_config(tmp_path, world.sandbox.urls, mode="observe")
    lines = (tmp_path / ".env").read_text().splitlines()
    secrets = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    headers = {"Authorization": f"Bearer {secrets['WATCHDOG_RENDER_API_KEY']}"}
    answer = await world.client.get(f"{world.sandbox.urls['render']}/services", headers=headers)
    assert answer.status_code == 200
    posted = await world.client.post(secrets["WATCHDOG_SLACK_WEBHOOK_URL"], json={"text": "hello"})
    assert posted.text == "ok" and secrets["WATCHDOG_PAGERDUTY_ROUTING_KEY"] == keys.PAGERDUTY_ROUTING_KEY
    assert (await world.client.get(secrets["WATCHDOG_HEARTBEAT_URL"])).status_code == 200
    assert (await world.client.get(f"{secrets['WATCHDOG_SENTRY_CRONS_URL']}?status=ok")).status_code == 202
    assert all(secret not in path.read_text() for secret in secrets.values())
    del secrets["WATCHDOG_HEARTBEAT_URL"]
    assert all("FAKE" in secret for secret in (*secrets.values(), keys.SLACK_BOT_TOKEN, keys.OIDC_SECRET))
    assert yaml.safe_load(path.read_text())["services"]["web"]["mode"] == "observe"
