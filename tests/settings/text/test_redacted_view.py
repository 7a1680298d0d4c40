"""The settings page's rows: the effective values, and never a secret."""

import pytest

from tests.settings.texts import MAILED, SMALL, loaded
from watchdog.settings import SECRET_NAMES
from watchdog.settings.text.redacted_view import HIDDEN, address, shown

KEY = "c4n4ry-0123456789-0123456789-0123456789"


def rows(text: str, environ: dict[str, str] | None = None) -> dict[str, dict[str, str]]:
    return {name: dict(found) for name, found in shown(loaded(text, environ or {}))}


def test_what_holds_is_shown_defaults_included() -> None:
    found = rows(SMALL)
    (service,) = found["Services"].values()
    assert service.startswith("observe, on Render (srv-web); watches home") and "https://www.acme.example" in service
    assert found["Budget"]["cooldown"] == "30 min" and found["Brakes"]["fleet share"] == "0.5"
    assert found["Policy"]["critical"].startswith("would roll back within 5 min")
    assert found["The daemon"]["console"] == "off" and found["The daemon"]["store"].startswith("sqlite://")


def test_stakeholders_and_approvers_are_shown_in_words() -> None:
    """Their channels, services and least severity; and the name of a service in their texts."""
    text = MAILED.replace("    render: srv-web\n", "    render: srv-web\n    title: The shop\n")
    found = rows(text + "stakeholders: {board: {email: board@acme.example}}\n")
    said = found["Notices"]["stakeholders board"]
    assert said == "board-email, of all services from high on, times in UTC"
    assert found["Services"]["web"].startswith("The shop; observe")
    text = SMALL + "contacts: {lead: {answers_as: [ann]}}\nwindows: {nights: Sat-Sun 02:00-04:00 UTC}\n"
    found = rows(text + "policy: {high: {do: schedule, window: nights, approver: lead}}\n")["Policy"]
    waits = "an approval waits for nights (Sat,Sun 02:00-04:00 UTC), only lead may approve"
    assert waits in found["high"] and "may approve" not in found["critical"]


def test_no_secret_query_password_or_text_to_look_for_is_shown() -> None:
    found = rows(SMALL, {"WATCHDOG_HTTP_TOKEN": KEY})["Secrets"]
    assert set(found) == set(SECRET_NAMES)
    assert found["WATCHDOG_HTTP_TOKEN"] == "set" and found["WATCHDOG_SMTP_PASSWORD"] == "not set"
    text = SMALL.replace("https://www.acme.example", "'https://www.acme.example/shop?page=17#top'")
    text += 'metrics: {remote_write: "https://m.example/write?tenant=17"}\n'
    found = str(rows(text))
    assert "17" not in found and "www.acme.example/shop?…" in found and "https://m.example/…" in found
    url = f"postgresql://me:{KEY}@db.example/watchdog?sslmode=require&x={KEY}"
    found = rows(SMALL + "store: postgresql\n", {"WATCHDOG_STORE_URL": url})["The daemon"]
    assert found["store"] == "postgresql://db.example/watchdog"
    text = SMALL.replace("http: https://www.acme.example", f'http: "https://www.acme.example", contains: "{KEY}"')
    (service,) = rows(text)["Services"].values()
    assert KEY not in service and f"contains {HIDDEN}" in service


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        (f"https://me:{KEY}@a.example/#{KEY}", "https://a.example/"),
        ("http://[::1", HIDDEN),
        ("", "://"),
    ],
)
def test_no_key_comes_out_of_an_address(url: str, said: str) -> None:
    """Neither user nor fragment; an unreadable address could hold one."""
    assert address(url) == said
