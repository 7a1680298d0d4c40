"""Where the configuration comes from, and that all mistakes are reported at once."""

from pathlib import Path

import pytest

from tests.settings.texts import SMALL, loaded, mistakes, shown
from watchdog.domain.errors import ConfigurationError
from watchdog.domain.policy import DEFAULT_MATRIX, Detection, Mode, VendorPolicy
from watchdog.domain.severity import Severity
from watchdog.settings.load.load import load

SEVEN = """\
version: 1
mod: observe
services:
  web:
    render: srv-web
    mode: autonomus
    depends_on: [dbb]
    signals:
      home: {http: https://www.acme.example, timeout: 5}
channels:
  slack: {webhook_url: "https://hooks.slack.com/services/CANARY-YAML-1"}
  pagerduty: {}
policy:
  low: {do: rollback}
dependencies:
  db: {render: dpg-main}
"""


SAID = (
    (2, "mod: unknown key", "did you mean mode?"),
    (6, "services.web.mode: not one of the choices", "autonomous"),
    (7, "services.web.depends_on[0]: names no service", "did you mean db?"),
    (9, "services.web.signals.home.timeout: a duration needs a unit", "5s"),
    (11, "channels.slack.webhook_url: looks like a secret", "WATCHDOG_SLACK_WEBHOOK_URL"),
    (12, "the channel pagerduty needs a secret that is not set", "WATCHDOG_PAGERDUTY_ROUTING_KEY"),
    (14, "policy.low.do: impossible", "tell"),
)


def test_seven_mistakes_give_seven_located_messages_in_one_run() -> None:
    """Each has its line and the value to write instead; none hides another; no secret shows."""
    environ = {"WATCHDOG_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/CANARY-ENV-1"}
    for mistake, (line, what, instead) in zip(mistakes(SEVEN, environ), SAID, strict=True):
        assert mistake.where == f"watchdog.yaml:{line}" and what in mistake.what and instead in mistake.instead
    assert "CANARY" not in shown(SEVEN, environ)


class Faulty(dict[str, str]):
    def get(self, *_: object) -> str:  # type: ignore[override]
        raise RuntimeError("hunter2")


def test_case_59_a_fault_of_our_own_is_a_mistake_with_a_place(tmp_path: Path) -> None:
    """Whatever a check raises: a daemon or its reload goes on, and nothing of the exception's words is shown."""
    path = tmp_path / "watchdog.yaml"
    path.write_text(SMALL, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"failed by a fault of the watchdog .RuntimeError") as caught:
        load(path, Faulty(), tmp_path)
    assert "watchdog.yaml:1" in str(caught.value) and "hunter2" not in str(caught.value)


def test_an_expression_that_is_not_in_re2s_syntax_is_refused_with_its_place() -> None:
    """Python's own syntax is larger: the missing part is named, and the expression is not repeated."""
    signal = 'home: {http: https://www.acme.example, matches: "(?!canary)ok"}'
    text = f"version: 1\nservices:\n  web:\n    signals:\n      {signal}\n"
    (mistake,) = mistakes(text)
    what = "services.web.signals.home.matches: not a regular expression: at character 1: invalid perl operator after (?"
    assert (mistake.where, mistake.what) == ("watchdog.yaml:5", what)
    assert "no lookaround" in mistake.instead and "canary" not in shown(text)


def test_a_small_configuration_gets_the_shipped_defaults() -> None:
    """Observe, the runbook's policy, SQLite beside the file, control targets, Render's status page."""
    settings = loaded(SMALL)
    policy = settings.policy
    assert policy.services["web"].mode is Mode.OBSERVE and policy.services["web"].platform_id == "srv-web"
    assert policy.matrix[Severity.CRITICAL].do is DEFAULT_MATRIX[Severity.CRITICAL].do
    assert policy.matrix[Severity.CRITICAL].tell == ("console",) and policy.detection == Detection()
    assert policy.control == ("https://example.com", "https://example.org")
    assert policy.vendors["render"] == VendorPolicy("render", "platform", "https://status.render.com")
    assert settings.vendors == {"render": "https://status.render.com/api/v2/summary.json"}
    assert settings.store_url.startswith("sqlite:////") and settings.store_url.endswith("/watchdog.db")
    assert (settings.metrics.host, settings.metrics.port) == ("127.0.0.1", 9464)
    assert settings.endpoints["render"] == "https://api.render.com/v1"


def test_the_file_named_wins_over_the_one_lying_there(tmp_path: Path) -> None:
    (tmp_path / "watchdog.yaml").write_text(SMALL.replace("web:", "lying:"), encoding="utf-8")
    (tmp_path / "other.yaml").write_text(SMALL.replace("web:", "named:"), encoding="utf-8")
    environ = {"WATCHDOG_CONFIG_YAML": SMALL.replace("web:", "text:")}
    assert list(load(Path("other.yaml"), environ, tmp_path).services) == ["named"]
    assert list(load(None, environ, tmp_path).services) == ["lying"]
    (tmp_path / "watchdog.yaml").unlink()
    settings = load(None, environ, tmp_path)
    assert list(settings.services) == ["text"] and settings.path is None
    assert settings.store_url == f"sqlite:///{tmp_path}/watchdog.db"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("absent.yaml", None, "absent.yaml: cannot be read (FileNotFoundError)"),
        ("latin.yaml", b"version: 1\n# \xe9", "latin.yaml:2: not UTF-8 -> save the file as plain UTF-8 text"),
        ("huge.yaml", b"# " + b"x" * 300_000, "huge.yaml:1: larger than 256 KiB"),
        ("empty.yaml", b"", "empty.yaml:1: not a mapping"),
        ("list.yaml", b"- a", "list.yaml:1: not a mapping"),
    ],
)
def test_a_file_that_is_no_configuration_is_a_mistake(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load(Path(name), {}, tmp_path)
    assert says in str(caught.value)


def test_what_lies_in_the_folder_and_in_the_variable_has_its_mistakes_too(tmp_path: Path) -> None:
    """Nothing there: how to get one; a variable's lines are counted; a folder named .env is no file."""
    with pytest.raises(ConfigurationError, match="run watchdog init"):
        load(None, {}, tmp_path)
    with pytest.raises(ConfigurationError, match=r"^WATCHDOG_CONFIG_YAML:9: lgo: unknown key -> did you mean log\?"):
        load(None, {"WATCHDOG_CONFIG_YAML": SMALL + "lgo: {}\n"}, tmp_path)
    (tmp_path / "watchdog.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigurationError, match=r"\.env: cannot be read"):
        load(None, {}, tmp_path)


def test_a_dotenv_beside_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    """Dollar signs in a secret are not expanded; lines for others are ignored."""
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "watchdog.yaml").write_text(SMALL.replace("console", "pagerduty"), encoding="utf-8")
    (folder / ".env").write_text(
        "OTHER=x\nWATCHDOG_PAGERDUTY_ROUTING_KEY='from$file'\nWATCHDOG_SENTRY_TOKEN=abc\n", encoding="utf-8"
    )
    path = Path("conf/watchdog.yaml")
    from_file = load(path, {"HOME": "/x", "WATCHDOG_PAGERDUTY_ROUTING_KEY": ""}, tmp_path)
    assert from_file.secrets["WATCHDOG_PAGERDUTY_ROUTING_KEY"] == "from$file"
    assert set(from_file.secrets) == {"WATCHDOG_PAGERDUTY_ROUTING_KEY", "WATCHDOG_SENTRY_TOKEN"}
    from_environ = load(path, {"WATCHDOG_PAGERDUTY_ROUTING_KEY": "from-environ"}, tmp_path)
    assert from_environ.secrets["WATCHDOG_PAGERDUTY_ROUTING_KEY"] == "from-environ"
