"""The ways into the console, and the combinations that fit together."""

from importlib.util import find_spec

import pytest

from tests.settings.texts import SMALL, loaded, shown
from watchdog.settings.rules import console_access
from watchdog.settings.text.redacted_view import shown as rows

PROXY = "proxy: {user_header: X-Forwarded-User, from: [127.0.0.1], approvers: [ann@acme.example], viewers: '*'}"
TOKEN = {"WATCHDOG_CONSOLE_TOKEN": "canary-0123456789-0123456789"}
ON = "console: {enabled: true}\n"
ASSISTANT = {"WATCHDOG_CONSOLE_ASSISTANT_TOKEN": "canary-assistant-0123456789-0123456789"}
VIEWER = {"WATCHDOG_CONSOLE_VIEWER_TOKEN": "canary-viewer-0123456789-0123456789"}


def test_there_is_a_way_in_by_tokens_unless_they_are_switched_off() -> None:
    assert not loaded(SMALL).console.enabled and loaded(SMALL + ON, TOKEN).console.enabled
    assert "shorter than 24" in shown(SMALL + ON, {"WATCHDOG_CONSOLE_TOKEN": "short"})
    assert "no address to serve it on" in shown(SMALL + ON + 'metrics: {listen: ""}\n', TOKEN)
    assert "no way to log in" in shown(SMALL + "console: {enabled: true, tokens: false}\n")
    settings = loaded(SMALL + f"console: {{enabled: true, tokens: false, {PROXY}}}\n")
    assert settings.console.proxy is not None and not settings.console.tokens
    assert "set the variable WATCHDOG_CONSOLE_TOKEN" in shown(SMALL + f"console: {{enabled: true, {PROXY}}}\n")
    assert loaded(SMALL + f"console: {{enabled: true, {PROXY}}}\n", TOKEN).console.tokens


OIDC = "url: 'https://w.acme.example', oidc: {issuer: https://login.acme.example, client_id: w, viewers: [vera]}"
SECRET = {"WATCHDOG_CONSOLE_OIDC_SECRET": "canary-oidc-0123456789-0123456789"}


def test_a_provider_needs_its_secret_and_only_where_the_console_is_on() -> None:
    """A long one: sessions are signed with a key derived from it."""
    on = SMALL + f"console: {{enabled: true, tokens: false, {OIDC}}}\n"
    assert "oidc needs a secret that is not set -> set the variable WATCHDOG_CONSOLE_OIDC_SECRET" in shown(on)
    assert "shorter than 24" in shown(on, {"WATCHDOG_CONSOLE_OIDC_SECRET": "short"})
    settings = loaded(on, SECRET)
    assert settings.console.oidc is not None and settings.console.oidc.viewers == ("vera",)
    assert "email of w at https://login.acme.example" in dict(dict(rows(settings))["The daemon"])["console.oidc"]
    assert loaded(on.replace("enabled: true", "enabled: false"))


@pytest.mark.parametrize(
    ("viewers", "warned"), [("'*'", True), ("['*']", True), ("[vera]", False), ("[], approvers: [ann]", False)]
)
def test_that_everybody_with_an_account_may_look_is_warned_of(viewers: str, warned: bool) -> None:
    """At a public provider that is any person at all."""
    doors = OIDC.replace("[vera]", viewers)
    settings = loaded(SMALL + f"console: {{enabled: true, tokens: false, {doors}}}\n", SECRET)
    said = [
        one for one in settings.warnings if "everyone with an account at https://login.acme.example may look" in one
    ]
    assert bool(said) is warned and settings.console.oidc is not None
    assert settings.console.oidc.everybody is warned


PAGE = "status_pages: {shop: {title: Acme shop, services: [web], names: {web: Web shop}}}\n"


def test_a_status_page_as_it_is_meant() -> None:
    """It does not need the console; a service is shown by its own name, unless there is another."""
    pages = loaded(SMALL + PAGE.replace("}}}", "}}, b-2: {title: x, services: [web]}}")).status_pages
    assert list(pages) == ["shop", "b-2"] and pages["shop"].title == "Acme shop"
    assert (pages["shop"].shown, pages["b-2"].shown) == ({"web": "Web shop"}, {"web": "web"})
    assert loaded(SMALL).status_pages == {} and not loaded(SMALL + PAGE).console.enabled
    assert dict(dict(rows(loaded(SMALL + PAGE)))["The daemon"])["status_pages.shop"] == "Acme shop: web"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[web]", "[wep]", "status_pages.shop.services[0]: names no service -> did you mean web?"),
        ("[web]", "[web, web]", "status_pages.shop.services[1]: named twice"),
        ("[web]", "[]", "empty"),
        ("{web: Web", "{api: Web", "status_pages.shop.names.api: is not on this page -> write one of: web"),
        ("Acme shop", "''", "not a name to be shown"),
        ("Acme shop", "x" * 61, "not a name to be shown"),
        ("Web shop", '"a\\u202eb"', "not a name to be shown"),
        ("shop: {", "Shop: {", "not a name for an address"),
        ("shop: {", "a.json: {", "not a name for an address"),
        ("title: Acme shop, ", "", "title: missing"),
        ("title: ", "title: x, logos: ", "unknown key"),
    ],
)
def test_what_is_no_status_page(old: str, new: str, says: str) -> None:
    assert says in shown(SMALL + PAGE.replace(old, new, 1))


def test_a_status_page_needs_somewhere_to_be_served() -> None:
    """An address; where others can reach it they can reach the metrics as well."""
    assert "no address to serve them on" in shown(SMALL + PAGE + 'metrics: {listen: ""}\n')
    open_to_all = loaded(SMALL + PAGE + 'metrics: {listen: "0.0.0.0:9464"}\n').warnings
    assert any("others can reach /metrics there, too" in one for one in open_to_all)


@pytest.mark.parametrize(
    ("text", "environ", "lacks"),
    [
        (ON, TOKEN, ("fastapi", "jinja2")),
        (f"console: {{enabled: true, tokens: false, {OIDC}}}\n", SECRET, ("joserfc",)),
        (PAGE, {}, ("jinja2",)),
    ],
    ids=["the console", "with a provider", "a public page alone"],
)
def test_without_its_libraries_it_says_how_to_install_them(
    text: str, environ: dict[str, str], lacks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not shown(SMALL + text, environ)
    monkeypatch.setattr(console_access, "find_spec", lambda name: None if name in lacks else find_spec(name))
    needs = "which the extra console brings -> install it: pip install '.[console]'"
    assert f"needs {' and '.join(lacks)}, {needs}" in shown(SMALL + text, environ)


@pytest.mark.parametrize(("listen", "warned"), [("127.0.0.1:0", False), ("[::1]:0", False), ("0.0.0.0:9464", True)])
def test_others_who_can_reach_it_are_warned_of(listen: str, warned: bool) -> None:
    """Off this machine the token would travel in clear."""
    found = loaded(SMALL + ON + f'metrics: {{listen: "{listen}"}}\n', TOKEN).warnings
    assert any("TLS" in warning for warning in found) is warned


def test_each_person_and_each_token_has_one_role() -> None:
    text = PROXY.replace("viewers: '*'", "operators: [otto], viewers: [otto]")
    assert "is one of the operators already" in shown(SMALL + f"console: {{{text}}}\n")
    nobody = "proxy: {user_header: X-U, from: [127.0.0.1]}"
    assert "no identity has a role" in shown(SMALL + f"console: {{{nobody}}}\n")
    for other in (VIEWER, ASSISTANT):
        same = dict.fromkeys((*TOKEN, *other), TOKEN["WATCHDOG_CONSOLE_TOKEN"])
        assert "two roles have the same token" in shown(SMALL + ON, same)
    assert loaded(SMALL + ON, TOKEN | VIEWER | ASSISTANT)


@pytest.mark.parametrize(
    ("doors", "answers_as", "warned"),
    [
        (PROXY, "ann", ["answers as ann,", "token:ann"]),
        (PROXY, "U0AAA, 'console:ann'", ["answers as console:ann,", "token:ann"]),
        (PROXY, "ann, 'token:ann'", []),
        (PROXY, "U0AAA, 'oidc:ann', 'terminal:ann'", []),
        ("url: 'https://w.acme.example'", "ann", []),
        (f"tokens: false, {PROXY}", "ann", []),
    ],
)
def test_a_name_that_counts_where_it_is_proven_alone_is_warned_of(
    doors: str, answers_as: str, warned: list[str]
) -> None:
    """Beside a proxy a token lets its bearer type a name, whose yes would be refused."""
    text = SMALL + f"console: {{enabled: true, {doors}}}\ncontacts: {{lead: {{answers_as: [{answers_as}]}}}}\n"
    found = [one for one in loaded(text, TOKEN).warnings if "contacts.lead answers as" in one]
    assert len(found) == bool(warned) and all(word in found[0] for word in warned), found


def test_a_token_that_opens_nothing_is_warned_of() -> None:
    off = loaded(SMALL + f"console: {{enabled: true, tokens: false, {PROXY}}}\n", TOKEN | VIEWER | ASSISTANT)
    both = "WATCHDOG_CONSOLE_VIEWER_TOKEN and WATCHDOG_CONSOLE_ASSISTANT_TOKEN opens nothing"
    assert any(both in one for one in off.warnings)
    assert not any("opens nothing" in one for one in loaded(SMALL + ON, TOKEN).warnings)


def test_the_settings_page_shows_who_may_come_in() -> None:
    settings = loaded(SMALL + f"console: {{enabled: true, url: 'https://w.acme.example', {PROXY}}}\n", TOKEN)
    found = dict(dict(rows(settings))["The daemon"])
    assert found["console.url"] == "https://w.acme.example" and found["console.tokens"] == "yes"
    assert found["console.proxy"].startswith("X-Forwarded-User from 127.0.0.1/32; approvers: ann@acme.example")
    assert found["console.proxy"].endswith("viewers: everybody")
