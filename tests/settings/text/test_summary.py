"""The summary of a configuration in `watchdog check`."""

from tests.settings.texts import SMALL, loaded
from watchdog.settings.text.summary import report


def test_the_report_says_what_the_configuration_means() -> None:
    text = SMALL.replace("    signals", "    mode: autonomous\n    veto: 60s\n    signals")
    lines = report(loaded(text, {"WATCHDOG_RENDER_API_KEY": "CANARY"}))
    assert lines[0] == "web: autonomous, 60 s to stop it, on Render (srv-web); watches home (http, critical)"
    named, elsewhere = (loaded(SMALL.replace("render: srv-web", line)) for line in ("render: web-production", ""))
    assert "on Render (web-production);" in report(named)[0] and "not on Render;" in report(elsewhere)[0]
    assert "critical: rollback within 5 min, notifies console" in lines
    assert "high: ask within 15 min, reminds after 10 min, notifies console" in lines
    clocks = report(loaded(SMALL + "policy: {high: {then: rollback}}"))
    answer = "without an answer: rollback, notifies console"
    assert f"high: would ask for approval within 15 min, reminds after 10 min, {answer}" in clocks
    assert "critical: would roll back within 5 min, notifies console" in clocks, "observed only"
    nights = "windows: {nights: Sat-Sun 02:00-04:00 UTC}\npolicy: {high: {do: schedule, window: nights}}\n"
    waits = "an approval waits for nights (Sat,Sun 02:00-04:00 UTC)"
    scheduled = f"high: would schedule a rollback within 15 min, reminds after 10 min, {waits}, notifies console"
    assert scheduled in report(loaded(SMALL + nights))
    quiet = "silences: [{service: web, every: Sun 02:00-04:00 UTC, signal: home, author: a, reason: b}]\n"
    once = "[{service: all, from: 2027-01-14T08:00Z, to: 2027-01-14T09:00Z, author: a, reason: b}]\n"
    held = report(loaded(SMALL + quiet + f"action_holds: {once}"))
    assert "silences: web, home: Sun 02:00-04:00 UTC" in held
    assert "action_holds: all services: 2027-01-14 08:00 to 2027-01-14 09:00 UTC" in held
    assert any(line.startswith("budget: 2 rollbacks") for line in lines)
    assert "secrets set: WATCHDOG_RENDER_API_KEY" in lines
    assert any("WARNING AUTONOMOUS WITHOUT A HEARTBEAT" in line for line in lines)
    assert "CANARY" not in "\n".join(lines)


def test_the_url_of_a_database_is_a_secret() -> None:
    """It comes from the environment; report, repr and warnings show neither user nor password."""
    settings = loaded(SMALL + "store: postgresql", {"WATCHDOG_STORE_URL": "postgres://me:CANARY@db.invalid:5432/w"})
    assert settings.store_url == "postgres://me:CANARY@db.invalid:5432/w"
    assert any(line.startswith("store: postgresql://db.invalid/w;") for line in report(settings))
    assert "CANARY" not in "\n".join(report(settings)) + repr(settings)
    assert loaded(SMALL + "store: postgresql:///w?host=/run").store_url == "postgresql:///w?host=/run"
    unused = loaded(SMALL, {"WATCHDOG_STORE_URL": "postgres://me:CANARY@db.invalid:5432/w"}).warnings
    assert any("WATCHDOG_STORE_URL is set and not used: write store: postgresql" in warning for warning in unused)
