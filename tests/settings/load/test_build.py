"""From checked parts to Settings."""

from pathlib import Path

import pytest

from tests.settings.texts import KEY, SMALL, changed, loaded, shown
from watchdog.domain.code_comparison import MIGRATION_PATHS, MigrationRules
from watchdog.domain.errors import ConfigurationError
from watchdog.domain.policy import Mode
from watchdog.settings.load.load import load


def test_a_preview_copy_only_observes() -> None:
    """The same key in a pull request's copy must not touch production."""
    text = changed("render: srv-web", "render: srv-web\n    mode: autonomous\n    veto: 60s")
    settings = loaded(text, {**KEY, "IS_PULL_REQUEST": "true"})
    assert settings.policy.services["web"].mode is Mode.OBSERVE
    assert settings.policy.services["web"].veto_seconds == 0.0
    assert any("preview copy" in warning for warning in settings.warnings)
    assert loaded(text, {**KEY, "IS_PULL_REQUEST": "false"}).policy.services["web"].veto_seconds == 60.0


def test_upstreams_are_made_and_modes_are_per_service() -> None:
    """The host's page can veto, the others are terms of blame."""
    text = SMALL + "dependencies: {openai: {vendor_status: https://s.example/a.json}, db: {render: dpg-1}}\n"
    relying = text.replace("    signals", "    depends_on: [github, openai]\n    signals", 1)
    assert list(loaded(relying).vendors) == ["render", "github", "openai"], "what a service depends on is read"
    settings = loaded(text + "vendor_status: [render, github]\n")
    roles = {name: vendor.role for name, vendor in settings.policy.vendors.items()}
    assert roles == {"render": "platform", "github": "upstream", "openai": "upstream", "db": "upstream"}
    assert settings.vendors["openai"] == "https://s.example/a.json" and "db" not in settings.vendors
    pages = [settings.policy.vendors[name].page for name in ("openai", "github", "db")]
    assert pages == ["https://s.example", "https://www.githubstatus.com", ""]
    assert settings.dependencies["db"].render == "dpg-1"
    other = "  api: {mode: observe, rollback_safe: true, depends_on: [web], signals: {a: {http: https://x.example}}}\n"
    text = changed("version: 1", "version: 1\nmode: assist").replace("channels:", other + "channels:")
    services = loaded(text, KEY).policy.services
    assert services["web"].mode is Mode.ASSIST and services["api"].mode is Mode.OBSERVE
    assert services["api"].platform_id is None and services["api"].rollback_safe
    assert services["api"].depends_on == ("web",)


def test_migrations_are_known_by_the_shipped_paths_of_all_or_by_those_of_a_service() -> None:
    """An omitted key keeps the value of all; without a repository no file is known, and a marker still is."""
    own = changed("render: srv-web", "render: srv-web\n    migrations: {paths: [sql/**, sql/**]}")
    other = "  api: {migrations: {marker: it migrates}, signals: {a: {http: https://x.example}}}\n"
    text = own.replace("channels:", other + "channels:") + "migrations: {marker: schema change}\n"
    services = loaded(text + "repository: github\n").policy.services
    assert services["web"].migrations == MigrationRules(("sql/**",), "schema change")
    assert services["api"].migrations == MigrationRules(MIGRATION_PATHS, "it migrates")
    assert loaded(text).policy.services["web"].migrations == MigrationRules((), "schema change")
    assert loaded(SMALL).policy.services["web"].migrations == MigrationRules()


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [("0.0.0.0:80", "0.0.0.0", 80), ("'[::1]:9464'", "::1", 9464), ("''", None, 0), ("false", None, 0)],
)
def test_metrics_listen_where_told_or_nowhere(written: str, host: str | None, port: int) -> None:
    metrics = loaded(SMALL + f"metrics: {{listen: {written}, remote_write: https://m.example/w, every: 1m}}\n").metrics
    assert (metrics.host, metrics.port) == (host, port) and metrics.remote_write == "https://m.example/w"
    assert metrics.every == 60.0


def test_the_server_is_asked_by_its_configured_names() -> None:
    """Those of metrics.hosts, and that of console.url; a host has no scheme and no port."""
    url = "console: {url: 'https://Watchdog.acme.example:8443'}\n"
    text = SMALL + "metrics: {hosts: [Metrics.acme.example, status_page]}\n" + url
    assert loaded(text).hosts == ("metrics.acme.example", "status_page", "watchdog.acme.example")
    assert loaded(SMALL).hosts == ()
    for wrong in ("https://a.example", "a.example:80", "'*'", "a..b", "''"):
        assert "not the name of a host" in shown(SMALL + f"metrics: {{hosts: [{wrong}]}}\n")


def test_endpoints_may_be_on_this_machine(tmp_path: Path) -> None:
    settings = loaded(SMALL + "endpoints: {render: 'http://127.0.0.1:8080/v1/', slack: https://proxy.example/api}\n")
    assert settings.endpoints["render"] == "http://127.0.0.1:8080/v1"
    assert settings.endpoints["slack"] == "https://proxy.example/api"
    assert settings.endpoints["pagerduty"] == "https://events.pagerduty.com"
    (tmp_path / "watchdog.yaml").write_text(SMALL + "store: sqlite:////var/data/w.db\n", encoding="utf-8")
    assert load(None, {}, tmp_path).store_url == "sqlite:////var/data/w.db"


@pytest.mark.parametrize(
    ("store", "written", "folder"),
    [
        ("", "", "recordings"),
        ("store: sqlite:///data/watchdog.db\n", "", "data/recordings"),
        ("store: sqlite:///data/watchdog.db\n", "record: {folder: kept}\n", "kept"),
        ("store: postgresql\n", "", "recordings"),
        ("store: sqlite:///{disk}/watchdog.db\n", "", "disk/recordings"),
        ("", "record: {enabled: false, folder: kept}\n", None),
    ],
)
def test_recordings_lie_beside_the_store(tmp_path: Path, store: str, written: str, folder: str | None) -> None:
    """Or where the configuration says; nowhere, if nothing is recorded. A disk of Render's has an absolute path."""
    text = SMALL + store.format(disk=tmp_path / "disk") + written
    (tmp_path / "watchdog.yaml").write_text(text, encoding="utf-8")
    settings = load(None, {"WATCHDOG_STORE_URL": "postgresql://host/db"}, tmp_path)
    assert settings.record.folder == (tmp_path / folder if folder else None)
    assert (settings.record.keep, settings.record.max) == (30 * 86400.0, 200 * 1024**2)


def test_a_policy_can_be_read_without_any_secret(tmp_path: Path) -> None:
    """For a replay, on a machine that holds none; everything else is checked all the same."""
    text = changed("render: srv-web", "render: srv-web\n    mode: autonomous").replace("console", "pagerduty")
    path = tmp_path / "new.yaml"
    path.write_text(text + "store: postgresql\n", encoding="utf-8")
    policy = load(path, {}, tmp_path, secretless=True).policy
    assert policy.services["web"].mode is Mode.AUTONOMOUS
    with pytest.raises(ConfigurationError, match="needs a secret"):
        load(path, {}, tmp_path)
