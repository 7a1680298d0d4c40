"""Secrets: the known ones, the faults of one, and that none is ever shown."""

from pathlib import Path

import pytest

from tests.settings.texts import ALL_SECRETS, SMALL, loaded, mistakes, shown
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.settings.load.secrets import KNOWN, SecretMap, read_dotenv, read_secrets, unknown_variables


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WATCHDOG_RENDER_API_KEY", "CANARY with space", "holds a space"),
        ("WATCHDOG_RENDER_API_KEY", "CANARY\n", "holds a space, a line break"),
        ("WATCHDOG_SENTRY_TOKEN", "CANARYé", "outside ASCII"),
        ("WATCHDOG_SLACK_WEBHOOK_URL", "hooks.example/CANARY", "not an https:// address"),
        ("WATCHDOG_HTTP_TOKEN", "CANARY", "shorter than 24"),
        ("WATCHDOG_STORE_URL", "sqlite:///CANARY.db", "is not a postgresql:// address"),
        ("WATCHDOG_STORE_URL", "postgresql://me:CANARY@db.invalid", "not a PostgreSQL url"),
        ("WATCHDOG_STORE_URL", "postgresql://me:CANARY @db.invalid/w", "holds a space"),
        ("WATCHDOG_HEARTBEAT_URL", "http://hb.example/CANARY", "not an https:// address"),
        ("WATCHDOG_SENTRY_CRONS_URL", "https://sentry.example/CANARY", "is not a check-in address"),
        ("WATCHDOG_SENTRY_CRONS_URL", "http://sentry.example/api/1/cron/web/CANARY/", "not an https:// address"),
    ],
)
def test_a_secret_that_cannot_be_right_is_named_and_not_shown(name: str, value: str, says: str) -> None:
    """A line break in a header would be worse later."""
    (mistake,) = mistakes(SMALL, {name: value})
    assert mistake.where == name and says in mistake.what and "CANARY" not in str(mistake)


def test_what_a_variable_may_hold() -> None:
    secrets, wrong = read_secrets({"WATCHDOG_SLACK_WEBHOOK_URL": "http://127.0.0.1:8080/services/x"})
    assert not wrong and list(secrets) == ["WATCHDOG_SLACK_WEBHOOK_URL"]
    assert len(read_secrets({"WATCHDOG_SLACK_WEBHOOK_URL": "http://127.0.0.1.evil.example/x"})[1]) == 1
    for more in ("", "?environment=production"):
        url = f"https://o1.ingest.example/api/42/cron/watch-dog_1/0123456789abcdef/{more}"
        assert not read_secrets({"WATCHDOG_SENTRY_CRONS_URL": url})[1]
    text = SMALL.replace("console", "pagerduty")
    assert "set the variable WATCHDOG_PAGERDUTY_ROUTING_KEY" in shown(text, {"WATCHDOG_PAGERDUTY_ROUTING_KEY": ""})


def test_a_misspelt_variable_is_a_mistake_and_a_strange_one_a_warning() -> None:
    typo = {"WATCHDOG_HEARTBEET_URL": "https://hb.example/CANARY"}
    assert shown(SMALL, typo) == ("WATCHDOG_HEARTBEET_URL: unknown variable -> did you mean WATCHDOG_HEARTBEAT_URL?")
    both = {**typo, "WATCHDOG_HEARTBEAT_URL": "https://hb.example/CANARY"}
    assert any("WATCHDOG_HEARTBEET_URL" in warning for warning in loaded(SMALL, both).warnings)
    wrong, strange = unknown_variables({"WATCHDOG_COLOUR": "x", "OTHER": "y", "WATCHDOG_CONFIG_YAML": "z"})
    assert not wrong and len(strange) == 1


def test_every_secret_a_channel_asks_for_is_known() -> None:
    for kind, written in {
        "pagerduty": {},
        "slack": {},
        "webhook": {},
        "console": {},
        "email": {"smtp": "mail.example:587", "from": "a@acme.example", "to": ["b@acme.example"], "user": "a"},
    }.items():
        entry = NOTIFIERS[kind]
        assert set(entry.secrets(entry.options.model_validate(written))) <= set(KNOWN)


def test_a_secret_map_is_a_mapping_that_does_not_talk_nor_do_the_settings_that_hold_it() -> None:
    secrets = SecretMap({"WATCHDOG_X": "CANARY"})
    assert secrets["WATCHDOG_X"] == "CANARY" and len(secrets) == 1 and repr(secrets) == "{WATCHDOG_X: ***}"
    settings = loaded(SMALL, ALL_SECRETS)
    assert len(settings.secrets) == len(ALL_SECRETS) and "canary" not in repr(settings)
    assert "WATCHDOG_RENDER_API_KEY: ***" in repr(settings) and "canary" not in str(settings.secrets)


def test_lines_of_a_file_that_are_no_variables_are_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    junk = "not a variable\n" * 3000
    (tmp_path / ".env").write_text(f"A=1\n{junk}WATCHDOG_HEARTBEAT_URL='https://hb.example/x'\n", encoding="utf-8")
    values, wrong, (warning,) = read_dotenv(tmp_path)
    assert (values, wrong) == ({"WATCHDOG_HEARTBEAT_URL": "https://hb.example/x"}, ())
    assert warning == ".env: 3000 lines are not NAME=value and not used (the first: line 2)" and not caplog.records


def test_a_long_variable_of_another_program_is_none_of_our_business(tmp_path: Path) -> None:
    """A file may be shared with the site's own keys; a long line that may be ours, or is slow to read, is refused."""
    long = "k" * 5000
    ours = "WATCHDOG_HEARTBEAT_URL=https://hb.example/x"
    for foreign in (f"GOOGLE_KEY={long}", f"export KEY='{long}'"):
        (tmp_path / ".env").write_text(f"{foreign}\n{ours}\n", encoding="utf-8")
        assert read_dotenv(tmp_path)[:2] == ({"WATCHDOG_HEARTBEAT_URL": "https://hb.example/x"}, ())
    for line in (f"WATCHDOG_HTTP_TOKEN={long}", f"A={' ' * 5000}'x'#", f"KEY='{long}", long):
        (tmp_path / ".env").write_text(f"{ours}\n{line}\n", encoding="utf-8")
        assert [one.where for one in read_dotenv(tmp_path)[1]] == [".env:2"], line[:20]


def test_thousands_of_unknown_variables_are_counted() -> None:
    """Finding the nearest known name for each takes long."""
    mistakes, warnings = unknown_variables({f"WATCHDOG_CONSOLE_{number}": "1" for number in range(2300)})
    assert (len(mistakes), len(warnings)) == (0, 51)
    assert warnings[-1] == "2250 more variables are not known and not used"
