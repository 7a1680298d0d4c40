"""From checked parts to Settings."""

from pathlib import Path

import pytest

from tests.settings.texts import KEY, SMALL, changed, loaded
from watchdog.domain.policy import Mode
from watchdog.settings import load


def test_a_preview_copy_only_observes() -> None:
    """The same key in a pull request's copy must not touch production."""
    text = changed("render: srv-web", "render: srv-web\n    mode: autonomous\n    veto: 60s")
    settings = loaded(text, {**KEY, "IS_PULL_REQUEST": "true"})
    assert settings.policy.services["web"].mode is Mode.OBSERVE
    assert settings.policy.services["web"].veto_seconds == 0.0
    assert any("preview copy" in warning for warning in settings.warnings)
    assert loaded(text, {**KEY, "IS_PULL_REQUEST": "false"}).policy.services["web"].veto_seconds == 60.0


def test_dependencies_and_status_pages_become_upstreams() -> None:
    """The host's page can veto, the others are terms of blame."""
    text = SMALL + "dependencies: {openai: {vendor_status: https://s.example/summary.json}, db: {render: dpg-1}}\n"
    settings = loaded(text + "vendor_status: [render, github]\n")
    roles = {name: vendor.role for name, vendor in settings.policy.vendors.items()}
    assert roles == {"render": "platform", "github": "upstream", "openai": "upstream", "db": "upstream"}
    assert settings.vendors["openai"] == "https://s.example/summary.json"
    assert "db" not in settings.vendors
    assert settings.dependencies["db"].render == "dpg-1"


def test_modes_vetoes_and_safety_are_per_service() -> None:
    """The default mode is for those that do not say otherwise."""
    other = "  api: {mode: observe, rollback_safe: true, depends_on: [web], signals: {a: {http: https://x.example}}}\n"
    text = changed("version: 1", "version: 1\nmode: assist").replace("channels:", other + "channels:")
    services = loaded(text, KEY).policy.services
    assert services["web"].mode is Mode.ASSIST
    assert services["api"].mode is Mode.OBSERVE
    assert services["api"].platform_id is None
    assert services["api"].rollback_safe
    assert services["api"].depends_on == ("web",)


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [("0.0.0.0:80", "0.0.0.0", 80), ("'[::1]:9464'", "::1", 9464), ("''", None, 0), ("false", None, 0)],
)
def test_metrics_listen_where_told_or_nowhere(written: str, host: str | None, port: int) -> None:
    """A worker on Render listens on nothing."""
    metrics = loaded(SMALL + f"metrics: {{listen: {written}, remote_write: https://m.example/w, every: 1m}}\n").metrics
    assert (metrics.host, metrics.port) == (host, port)
    assert metrics.remote_write == "https://m.example/w"
    assert metrics.every_seconds == 60.0


def test_endpoints_may_be_on_this_machine(tmp_path: Path) -> None:
    """The sandbox is; a slash at the end does no harm."""
    settings = loaded(SMALL + "endpoints: {render: 'http://127.0.0.1:8080/v1/', slack: https://proxy.example/api}\n")
    assert settings.endpoints["render"] == "http://127.0.0.1:8080/v1"
    assert settings.endpoints["slack"] == "https://proxy.example/api"
    assert settings.endpoints["pagerduty"] == "https://events.pagerduty.com"
    (tmp_path / "watchdog.yaml").write_text(SMALL + "store: sqlite:////var/data/w.db\n", encoding="utf-8")
    assert load(None, {}, tmp_path).store_url == "sqlite:////var/data/w.db"
