"""The configuration's handling of adapters' own options."""

from tests.settings.texts import SMALL, loaded, shown
from watchdog.settings.text.validation import nearest


def signals(*lines: str) -> str:
    written = "".join(f"      {line}\n" for line in lines)
    return SMALL.replace("      home: {http: https://www.acme.example}\n", written)


def test_the_first_http_signal_is_critical_unless_another_says_so() -> None:
    both = (
        "a: {latency: https://x.example/api, p95: 1s}",
        "b: {http: https://x.example}",
        "c: {http: https://y.example}",
    )
    assert _critical(signals(*both)) == ["b"]
    assert _critical(signals(both[0], both[1], both[2].replace("}", ", critical: true}"))) == ["c"]
    # Findings of other kinds are never critical: such a line takes nothing away from the probes.
    assert _critical(signals(*both, "d: {render_events: all, critical: true}")) == ["b"]
    assert _critical(signals(both[0])) == []
    assert _critical(signals(both[1].replace("}", ", critical: false}"))) == []


def _critical(text: str) -> list[str]:
    return [signal.name for signal in loaded(text).policy.services["web"].signals if signal.critical]


def test_entries_have_a_kind_and_options_and_mistakes_are_located() -> None:
    text = shown(signals("a: {http: https://x.example, contain: x}", "b: {http: https://y.example, every: 10}"))
    assert "watchdog.yaml:6: services.web.signals.a.contain: unknown key -> did you mean contains?" in text
    assert "watchdog.yaml:7: services.web.signals.b.every: a duration needs a unit" in text
    settings = loaded(signals("a: {every: 20s, http: https://x.example}"))
    assert settings.services["web"].signals["a"].kind == "http"
    assert "no kind of signal among its keys" in shown(signals("a: {every: 20s, qqqqq: https://x.example}"))
    settings = loaded(SMALL.replace("console: {}", "pagerduty: {region: eu}"), {"WATCHDOG_PAGERDUTY_ROUTING_KEY": "x"})
    kind, options = settings.channels["pagerduty"]
    assert kind == "pagerduty" and options.model_dump()["region"] == "eu"
    assert nearest("slak", ("slack", "email")) == "slack" and nearest("zzz", ("slack", "email")) == ""
