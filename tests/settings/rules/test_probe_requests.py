"""Requests of probes in the configuration: the secrets they name, where these may go, what an operator reads."""

import pytest

from tests.settings.texts import KEY, SMALL, loaded, shown
from watchdog.app.compose.safety_diff import changes, loosened
from watchdog.settings.load.secrets import read_secrets, unknown_variables
from watchdog.settings.text.redacted_view import shown as rows_of

SITE = "https://www.acme.example"
HEADERS = 'headers: {x-api-key: "${WATCHDOG_PROBE_KEY}"}'
PROXIED = 'proxy: {url: "http://proxy.acme.example:3128", user: me, password: "${WATCHDOG_PROBE_KEY}"}'
TOUR = SMALL.replace(f"http: {SITE}", f"journey: {SITE}, steps: [{{path: /, {HEADERS}}}]")
GIVEN = {"WATCHDOG_PROBE_KEY": "canary-of-the-site"}


def probing(more: str, url: str = SITE) -> str:
    return SMALL.replace(f"http: {SITE}", f"http: {url}, {more}")


@pytest.mark.parametrize(
    ("text", "secrets", "says"),
    [
        (probing(HEADERS), {}, "yaml:6: services.web.signals.home.headers: a probe needs a secret that is not set"),
        (probing('auth: {bearer: "${WATCHDOG_PROBE_B}"}'), GIVEN, "set the variable WATCHDOG_PROBE_B"),
        (
            probing(HEADERS, "http://www.acme.example"),
            GIVEN,
            "home.http: the secret that this probe sends",
        ),
        (probing('headers: {x-y: "${WATCHDOG_RENDER_API_KEY}"}'), KEY, "names a variable that no probe may send"),
        (probing('headers: {x-y: "${{ secrets.KEY }}"}'), GIVEN, "variables and templates are not filled in here"),
        (probing("headers: {x-y: ${WATCHDOG_PROBE_KEY}}"), GIVEN, 'in quotes, as in "${WATCHDOG_PROBE_KEY}"'),
        (probing('contains: "</html>", auth: {bearer: "canary-c0ffee"}'), {}, "a key never stands in this file"),
        (probing('headers: {authorization: "Bearer canary"}'), {}, "looks like a secret"),
        (SMALL, {"WATCHDOG_PROBE_KEY": "canary\n"}, "WATCHDOG_PROBE_KEY: holds a line break"),
        (probing(PROXIED), {}, "home.proxy: a probe needs a secret that is not set"),
        (probing(PROXIED), GIVEN, "home.proxy: the password of the proxy would travel in clear"),
        (probing("proxy: {url: https://proxy.acme.example}"), {}, "proxy.url: not a proxy -> write http://host:port"),
        (probing('proxy: {url: "http://me:canary@x.example:1"}'), {}, "looks like a secret"),
        (probing("proxy: {url: http://x.example:1, user: me}"), {}, "half of the credentials"),
        (probing("proxy: {url: http://x.example:1}, ip: 4"), {}, "the proxy chooses the address of the site"),
        (probing("proxy: {url: http://x.example:1}", "http://www.acme.example"), {}, "home.http: answers of the proxy"),
        (probing("ip: 6", "http://127.0.0.1:1"), {}, "home.ip: the address of this probe is of the other version"),
        (TOUR, {}, "home.steps: a probe needs a secret that is not set"),
        (TOUR.replace("https", "http"), GIVEN, "home.journey: the secret that this probe sends"),
        (TOUR.replace("steps:", f"{PROXIED}, steps:"), GIVEN, "home.proxy: the password of the proxy would travel"),
        (TOUR.replace(SITE, "http://127.0.0.1:1, ip: 6"), GIVEN, "home.ip: the address of this probe is of the other"),
        (TOUR.replace(SITE, f"{SITE}, tls: {{ca: none.pem}}"), GIVEN, "tls.ca: there is no such file"),
        (probing("ip: 5"), {}, "home.ip: not one of the choices -> write one of: 4, 6, any"),
        (SMALL, {"WATCHDOG_PROBE_KEY": "abc"}, "WATCHDOG_PROBE_KEY: is shorter than 4 characters"),
    ],
)
def test_what_is_refused_is_named_with_its_place_and_its_cure(text: str, secrets: dict[str, str], says: str) -> None:
    """And no value is repeated."""
    said = shown(text, secrets)
    assert says in said and "canary" not in said


def test_what_is_taken() -> None:
    """Unencrypted to this machine and to named private hosts; any text in a body; several variables."""
    body = "method: POST, body: 'query {{ x }} ${lower} ${WATCHDOG_PROBE_KEY}'"
    for url in ("http://127.0.0.1:1", "http://10.0.0.8", SITE):
        assert shown(TOUR.replace(SITE, url), GIVEN) == ""
        assert shown(probing(f"{HEADERS}, {body}", url), GIVEN) == ""
    named = f"private_hosts: [web-internal]\n{probing(HEADERS, 'http://web-internal:10000')}"
    assert shown(named, GIVEN) == ""
    assert shown(f"private_hosts: [proxy.acme.example]\n{probing(PROXIED)}", GIVEN) == ""
    bearer = probing('headers: {authorization: "Bearer ${WATCHDOG_PROBE_KEY}"}')
    assert shown(bearer, GIVEN) == ""
    assert read_secrets({"WATCHDOG_PROBE_KEY": 'a pass "word"'})[1] == () and unknown_variables(GIVEN) == ((), ())


def test_what_an_operator_reads_and_what_a_reload_may_change() -> None:
    """Names and `set`; a request that changes needs a restart where the service may be changed."""
    settings = loaded(probing(HEADERS), {**GIVEN, "WATCHDOG_PROBE_OTHER": "canary-nobody-names"})
    told = f"{rows_of(settings)!r} {settings!r} {settings.warnings!r}"
    assert "('WATCHDOG_PROBE_KEY', 'set')" in told and "canary" not in told and "headers (written)" in told
    assert "the variable WATCHDOG_PROBE_OTHER is set, and no probe names it" in settings.warnings
    before, after = (loaded(f"mode: assist\n{text}", {**KEY, **GIVEN}) for text in (probing(HEADERS), SMALL))
    (change,) = changes(before, after)[:1]
    assert "services.web.signals.home.headers" in change and loosened(before, after)
    assert "canary" not in f"{changes(before, after)} {loosened(after, before)}"
