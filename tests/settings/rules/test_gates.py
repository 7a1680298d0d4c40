"""The gate of a service: what may be written, and that a repository's own rules can only restrict it."""

import pytest

from tests.settings.texts import KEY, SMALL, loaded, mistakes, shown
from watchdog.domain.errors import ConfigurationError
from watchdog.domain.policy import Window
from watchdog.presentation.gate.gate_rules import GateRules, Instrument
from watchdog.settings import Settings
from watchdog.settings.load.gate_rules import restricted_by
from watchdog.settings.rules.recurrence import parse_weekly
from watchdog.settings.text.redacted_view import shown as rows

NIGHTS, NOONS = "Mon-Sun 02:00-04:00 Europe/Berlin", "Mon-Sun 12:00-13:00 Europe/Berlin"
TOKENS = {**KEY, "WATCHDOG_SENTRY_TOKEN": "a-token-for-tests-only"}


def text(gate: str = "{staging: web-staging}", home: str = "", more: str = "") -> str:
    return f"""\
version: 1
services:
  web:
    render: srv-web
    gate: {gate}
    objective: 99.9%
    signals:
      home: {{http: https://www.acme.example{home}}}
      {more}
  web-staging:
    render: srv-staging
    signals: {{home: {{http: https://staging.acme.example}}}}
windows: {{nights: "{NIGHTS}", noons: "{NOONS}"}}
"""


def gate(*args: str) -> GateRules:
    return loaded(text(*args), TOKENS).gates["web"]


def test_the_defaults() -> None:
    """A day on staging, one reading in a hundred, the objective, any hour, every instrument; one of them there is."""
    assert gate() == GateRules("web-staging", 86400.0, 0.01, requires=tuple(Instrument), instrumented=(CRITICAL,))


VERSION, RELEASE, CRITICAL = Instrument


def test_everything_written() -> None:
    """Each key is what its reason reads; the settings page shows it."""
    everything = (
        "{staging: web-staging, soak: 2h, failing: 0.5%, availability: 99.95%, windows: [nights], traffic: 2/s, "
        "requires: [release]}"
    )
    rules = gate(everything)
    window = Window("nights", parse_weekly(NIGHTS))
    assert rules == GateRules(
        "web-staging", 7200.0, 0.005, pytest.approx(0.9995), (window,), 120.0, (RELEASE,), (CRITICAL,)
    )
    (services, *_) = rows(loaded(text(everything), TOKENS))
    assert "gate: 2 h 0 min on web-staging, failing at most 0.5 %, 99.95 % available, within nights" in str(services)


@pytest.mark.parametrize(
    ("home", "more", "has"),
    [
        (", critical: false", "", ()),
        (", version: {header: x-commit}", "", (VERSION, CRITICAL)),
        (", critical: false", 'errors: {sentry: acme/web, release: "{commit}"}', (RELEASE,)),
        (", critical: false", "errors: {sentry: acme/web}", ()),
    ],
)
def test_instruments_are_found_in_the_signals(home: str, more: str, has: tuple[Instrument, ...]) -> None:
    assert gate("{staging: web-staging}", home, more).instrumented == has


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("{soak: 1h}", "services.web.gate: it names no staging service -> add staging: NAME, one of services:"),
        ("{staging: web}", "a service cannot be its own staging"),
        ("{staging: web-stagin}", "names no service -> did you mean web-staging?"),
        ("{staging: web-staging, windows: [night]}", "names no window -> did you mean nights?"),
        ("{staging: web-staging, failing: 0.01}", "write one from 0% to 20%, as in 1%"),
        ("{staging: web-staging, failing: 21%}", "write one from 0% to 20%, as in 1%"),
        ("{staging: web-staging, soak: 24}", "a duration needs a unit"),
        ("{staging: web-staging, requires: [sentry]}", "write one of: version, release, critical"),
        ("{staging: web-staging, soaks: 24h}", "unknown key -> did you mean soak?"),
    ],
)
def test_mistakes_name_their_place(written: str, what: str) -> None:
    assert what in shown(text(written), TOKENS)
    assert all(one.where == "watchdog.yaml:5" for one in mistakes(text(written), TOKENS))


OWN = (
    "{staging: web-staging, soak: 24h, failing: 1%, windows: [nights], traffic: 100/min, requires: [version, critical]}"
)


def settings() -> Settings:
    return loaded(text(OWN), TOKENS)


def restricted(rules: str) -> GateRules:
    return restricted_by(settings(), "web", f"gate: {rules}\n", "rules.yaml")


@pytest.mark.parametrize(
    ("rules", "field", "value"),
    [
        ("{soak: 48h}", "soak_seconds", 172800.0),
        ("{failing: 0%}", "failing_share", 0.0),
        ("{availability: 99.99%}", "availability", pytest.approx(0.9999)),
        ("{traffic: 50/min}", "traffic_per_minute", 50.0),
        ("{requires: [critical, version, release]}", "requires", (CRITICAL, VERSION, RELEASE)),
        ("{staging: web-staging}", "staging", "web-staging"),
    ],
)
def test_a_rules_file_may_restrict_each_rule(rules: str, field: str, value: object) -> None:
    """That one alone changes: all others are the configuration's."""
    own, found = settings().gates["web"], restricted(rules)
    changed = {name for name in GateRules.__slots__ if getattr(own, name) != getattr(found, name)}
    assert getattr(found, field) == value and changed <= {field}


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ("{soak: 23h}", "gate.soak: would loosen the configuration, which says 24 h 0 min"),
        ("{failing: 2%}", "gate.failing: would loosen the configuration, which says 1%"),
        ("{availability: 99.8%}", "gate.availability: would loosen the configuration, which says 99.9%"),
        ("{traffic: 101/min}", "gate.traffic: would loosen the configuration, which says 100/min"),
        ("{windows: [nights, noons]}", "gate.windows: would loosen the configuration, which says nights"),
        ("{windows: []}", "gate.windows: would loosen the configuration, which says nights"),
        ("{requires: [version]}", "gate.requires: would loosen the configuration, which says version, critical"),
        ("{staging: web}", "gate.staging: is another one than the configuration's"),
        ("{windows: [never]}", "gate.windows[0]: names no window"),
        ("{soaks: 48h}", "gate.soaks: unknown key"),
        ("", "gate"),
    ],
)
def test_a_rules_file_loosens_nothing(rules: str, what: str) -> None:
    """Each rule that would is named with its line, and nothing of the file counts."""
    with pytest.raises(ConfigurationError) as refused:
        restricted(rules)
    assert any(what in str(one) and one.where == "rules.yaml:1" for one in refused.value.mistakes), refused.value


def test_all_loosened_rules_are_named_at_once() -> None:
    """And a text that is no YAML, or no mapping, is refused as well."""
    with pytest.raises(ConfigurationError) as refused:
        restricted("{soak: 1h, failing: 5%, traffic: 1/s, windows: [noons]}")
    assert len(refused.value.mistakes) == 3 + (60.0 > 100.0)
    for broken in ("gate: {soak: 48h", "- gate", "", "x: 1"):
        with pytest.raises(ConfigurationError):
            restricted_by(settings(), "web", broken, "rules.yaml")


def test_a_service_without_a_gate_has_the_defaults_and_no_staging() -> None:
    """So that it lets nothing through; a rules file alone may name one."""
    plain = loaded(SMALL)
    assert plain.gates["web"] == GateRules(instrumented=(CRITICAL,))
    both = loaded(text("{staging: web-staging}"), TOKENS)
    assert restricted_by(both, "web-staging", "gate: {staging: web}", "rules.yaml").staging == "web"
