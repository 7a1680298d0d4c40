"""Who may use the console, as it is written."""

import pytest

from tests.settings.texts import SMALL, loaded, shown

PROXY = "user_header: X-Forwarded-User, from: [127.0.0.1]"


def console(inside: str) -> str:
    return SMALL + f"console: {{{inside}}}\n"


def test_a_proxy_as_it_is_meant() -> None:
    text = console(
        "proxy: {user_header: X-Forwarded-Email, from: [127.0.0.1, 10.0.0.0/8, '::1'], "
        "approvers: [ann@acme.example], operators: [otto], viewers: '*'}"
    )
    proxy = loaded(text).console.proxy
    assert proxy is not None and proxy.user_header == "X-Forwarded-Email"
    assert proxy.sources == ("127.0.0.1/32", "10.0.0.0/8", "::1/128")
    assert proxy.approvers == ("ann@acme.example",) and proxy.operators == ("otto",)
    assert proxy.everybody and proxy.viewers == ("*",)
    listed = loaded(console(f"proxy: {{{PROXY}, viewers: [vera]}}")).console.proxy
    assert listed is not None and listed.viewers == ("vera",) and not listed.everybody


HEADERS = ("Authorization", "cookie", "X-Forwarded-For", "Host", "X Y", "x_user", "", "é")
"""They come with every request, or say something else than who it is."""
NAMES = ("", "a,b", " ann", "an\\u200bn", "*", "x" * 121)
"""They could not come out of the header either."""


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ("user_header: X-U, from: ['0.0.0.0/0'], viewers: '*'", "any client could claim any identity"),
        ("user_header: X-U, from: ['::/0'], viewers: '*'", "any client could claim any identity"),
        ("user_header: X-U, from: ['10.0.0.1/8'], viewers: '*'", "not an address or a network"),
        ("user_header: X-U, from: [proxy.acme.example], viewers: '*'", "not an address or a network"),
        ("user_header: X-U, from: [''], viewers: '*'", "not an address or a network"),
        ("user_header: X-U, viewers: '*'", "missing"),
        ("from: [127.0.0.1], viewers: '*'", "missing"),
        ("user_header: X-U, from: [], viewers: '*'", "empty"),
        *((f"user_header: '{one}', from: [127.0.0.1], viewers: '*'", "not a header with an id") for one in HEADERS),
        *((f'{PROXY}, approvers: ["{name}"]', "not a name") for name in NAMES),
        (f"{PROXY}, operators: '*'", "wrong type"),
        (f"{PROXY}, viewers: ['*', ann]", "not a name"),
    ],
)
def test_what_is_no_proxy(inside: str, says: str) -> None:
    """A name could lead elsewhere tomorrow, a default could let strangers in; `"*"` gives the right to look only."""
    assert says in shown(console(f"proxy: {{{inside}}}"))


OIDC = "issuer: https://login.acme.example, client_id: watchdog, viewers: '*'"
URL = "url: https://watchdog.acme.example, "


def test_a_provider_as_it_is_meant() -> None:
    """Its issuer letter by letter: a proof names it with its last slash, or without."""
    oidc = loaded(console(f"{URL}oidc: {{{OIDC.replace('example,', 'example/,')}}}")).console.oidc
    assert oidc is not None and oidc.issuer == "https://login.acme.example/"
    assert (oidc.client_id, oidc.claim, oidc.everybody) == ("watchdog", "email", True)
    other = loaded(console(f"{URL}oidc: {{{OIDC}, claim: preferred_username}}")).console.oidc
    assert other is not None and other.claim == "preferred_username"
    assert loaded(console(f"{URL}oidc: {{{OIDC.replace('https://login.acme', 'http://localhost:8080/r')}}}"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("https://login", "http://login", "not encrypted"),
        ("https://login.acme.example", "'https://login.acme.example/?a=b'", "not an issuer"),
        ("client_id: watchdog", "client_id: 'a b'", "not a client id"),
        ("client_id: watchdog, ", "", "missing"),
        ("issuer: https://login.acme.example, ", "", "missing"),
        ("viewers: '*'", "viewers: '*', claim: 'a b'", "not a claim"),
        ("viewers: '*'", "viewers: '*', client_secret: x", "secrets are not written here"),
    ],
)
def test_what_is_no_provider(old: str, new: str, says: str) -> None:
    """Each reported at its line; it sends browsers back to one address only, which it must know."""
    assert says in shown(console(f"{URL}oidc: {{{OIDC.replace(old, new)}}}"))
    assert "console.url: missing: oidc sends browsers back to it" in shown(console(f"oidc: {{{OIDC}}}"))
