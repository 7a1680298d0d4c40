"""Pages whose policy is easily read wrong, and what a browser blocks of them; tests/browser/test_csp.py asks Chromium.

Each has the policy of its header, the HTML, and what is blocked: `inline`, `data`, or an address. The page is HERE.
"""

import httpx

from watchdog.adapters.signals.content_security.page import Resource
from watchdog.adapters.signals.content_security.policy import judged

HERE = "https://www.acme.example/shop/"
CDN = "https://cdn.example"
A, B = f"{CDN}/a.js", f"{CDN}/b.js"
NONE = "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">"
SCRIPT_A, SCRIPT_B = f"<script src={A}></script>", f"<script src={B}></script>"
RUN = "window.x = 1"
HASH = "SHA256-TRQHTtKk2Jz9TNrGZb+BnTJZb+vLVfeW/a0aaZ7avUM="
URL_HASH = "sha256-TRQHTtKk2Jz9TNrGZb-BnTJZb-vLVfeW_a0aaZ7avUM="
"""Of RUN, in both forms of base64."""

Case = tuple[str, str, list[str]]

SOURCES: list[Case] = [
    ("script-src https://*", SCRIPT_A, []),
    ("script-src *:443", SCRIPT_A, []),
    ("script-src *:8443", SCRIPT_A, [A]),
    ("script-src https://*:*", f"<script src={CDN}:99/a.js></script>", []),
    ("script-src cdn.example/a.js?v=1", f"<script src={A}?v=2></script>", []),
    ("script-src cdn.example/a.js#x", SCRIPT_A, []),
    ("script-src cdn.example/b.js?v=1", SCRIPT_A, [A]),
    ("script-src cdn.example/a.js/", SCRIPT_A, [A]),
    ("script-src cdn.example:80", SCRIPT_A, [A]),
    ("script-src http://cdn.example:80", SCRIPT_A, []),
    ("script-src xn--bcher-kva.example", "<script src=https://b\u00fccher.example/a.js></script>", []),
    ("script-src xn--bcher-kva.example", "<script src=https://xn--bcher-kva.example/a.js></script>", []),
    ("script-src cdn.example/a%20b.js", f"<script src='{CDN}/a b.js'></script>", []),
    ("script-src cdn.example/%61.js", SCRIPT_A, []),
    ("script-src cdn.example/a.js", f"<script src={CDN}/%61.js></script>", []),
    ("script-src cdn.example/a%2fb.js", f"<script src={CDN}/a/b.js></script>", []),
    ("img-src https://cdn.example/%zz", f"<img src={CDN}/%zz>", []),
    ("img-src 127.0.0.1", "<img src=https://127.0.0.1/a.png>", []),
    ("img-src 'none' cdn.example", f"<img src={CDN}/a.png>", []),
    ("script-src 'SELF'", "<script src=/a.js></script>", []),
    ("script-src 'NONCE-abc'", f"<script nonce=abc src={A}></script>", []),
    ("script-src 'NONCE-abc'", f"<script nonce=ABC src={A}></script>", [A]),
    ("script-src 'UNSAFE-INLINE'", f"<script>{RUN}</script>", []),
    (f"script-src '{HASH}'", f"<script>{RUN}</script>", []),
    (f"script-src '{URL_HASH}'", f"<script>{RUN}</script>", []),
    (f"script-src '{HASH}'", f"<script>{RUN};</script>", ["inline"]),
    ("script-src 'STRICT-DYNAMIC' 'nonce-a' https:", SCRIPT_A, [A]),
    ("script-src 'none'; script-src-elem *", SCRIPT_A, []),
]
UPGRADES: list[Case] = [
    ("img-src https:", "<img src=http://cdn.example/a.png>", []),
    ("img-src cdn.example", "<img src=http://cdn.example/a.png>", []),
    ("img-src 'self'", "<img src=http://cdn.example/a.png>", ["http://cdn.example/a.png"]),
    ("img-src https:", "<img src=http://192.0.2.1/a.png>", ["http://192.0.2.1/a.png"]),
    ("script-src https:", "<script src=http://cdn.example/a.js></script>", ["http://cdn.example/a.js"]),
    ("style-src https:", "<link rel=stylesheet href=http://cdn.example/a.css>", ["http://cdn.example/a.css"]),
    ("script-src https:, upgrade-insecure-requests", "<script src=http://cdn.example/a.js></script>", []),
    (
        "script-src https:",
        "<meta http-equiv=Content-Security-Policy content=upgrade-insecure-requests>"
        "<script src=http://cdn.example/a.js></script>",
        [],
    ),
]
PAGES: list[Case] = [
    ("", f"{NONE}{SCRIPT_A}", [A]),
    ("", f"{SCRIPT_A}{NONE}{SCRIPT_B}", [B]),
    ("", f"<body>{NONE}{SCRIPT_B}", []),
    ("", f"<p>x</p>{NONE}{SCRIPT_B}", []),
    ("", f"text{NONE}{SCRIPT_B}", []),
    ("", f"<!-- c --> text<!-- c -->{NONE}{SCRIPT_B}", []),
    ("", f"<html><head><title>a</title></head> <!-- c -->\n{NONE}{SCRIPT_B}", [B]),
    ("", f"<head></head>{NONE}{SCRIPT_B}", [B]),
    ("", f"</body>{NONE}{SCRIPT_B}", []),
    ("", f"<template>{NONE}</template>{SCRIPT_B}", []),
    ("", f"<meta http-equiv=' Content-Security-Policy ' content=\"script-src 'none'\">{SCRIPT_B}", []),
    ("", "<meta http-equiv=Content-Security-Policy content=\"script-src 'self'\"><script src=/a.js></script>", []),
    ("", f"<meta http-equiv=Content-Security-Policy content=\"img-src *, script-src 'none'\">{SCRIPT_B}", [B]),
    ("frame-src 'none'", f"<iframe srcdoc='<p>x' src={CDN}/f></iframe>", []),
    ("img-src 'none'", "<iframe src=about:blank><img src=/a.png></iframe>", []),
    ("frame-src 'none'", "<iframe src=''></iframe>", []),
    ("script-src 'none'", f"<template><template></template>{SCRIPT_A}</template>", []),
    ("style-src 'none'", f"<link rel=stylesheet disabled href={CDN}/a.css>", []),
    ("style-src 'none'", f"<link rel=stylesheet type=text/less href={CDN}/a.css>", []),
    ("style-src 'none'", f"<link rel=stylesheet media=print href={CDN}/a.css>", [f"{CDN}/a.css"]),
    ("style-src 'none'", f"<link rel='alternate stylesheet' title=x href={CDN}/a.css>", [f"{CDN}/a.css"]),
    ("img-src 'self'; media-src 'self'", f"<picture><source src={CDN}/a.png><img src=/a.png></picture>", []),
    ("media-src 'none'", f"<source src={CDN}/a.mp4>", []),
    ("media-src 'none'", "<video><track src=/a.vtt></video>", []),
    ("media-src 'none'", "<video><track default src=/a.vtt></video>", ["https://www.acme.example/a.vtt"]),
    ("media-src 'self'", f"<video src=/a.mp4><source src={CDN}/a.mp4></video>", []),
    ("media-src 'self'", f"<video></video><video><source src={CDN}/a.mp4></video>", [f"{CDN}/a.mp4"]),
    ("img-src 'self'; base-uri 'none'", "<base href=https://x.example/><img src=a.png>", []),
    ("img-src 'self'", "<base href=/a/><base href=https://x.example/><img src=a.png>", []),
    (f"img-src {HERE}b.png", "<img src=a.png srcset='b.png 1x'>", []),
    ("object-src 'self'", f"<object data=/a.svg type=image/svg+xml><embed src={CDN}/b.svg></object>", []),
    ("script-src https:", "<title><script src=http://cdn.example/a.js></title>", []),
    ("script-src 'none'", "<script></script>", []),
    ("script-src 'none'", "<script> </script>", ["inline"]),
    ("img-src 'none'", f"<img src='&#{'9' * 5000};a.png'>", [f"{HERE}%EF%BF%BDa.png"]),
    ("img-src 'none'", f"<img src='&#{'0' * 5000}97;.png'>", [f"{HERE}a.png"]),
    ("img-src 'none'", "<img src=' a\n.png '>", [f"{HERE}a.png"]),
    ("img-src 'none'", "<img src=data:image/gif;base64,R0lGODlhAQABAAAAACw=>", ["data"]),
]
CASES = [*SOURCES, *UPGRADES, *PAGES]
MILDER: list[Case] = [
    ("script-src http://cdn.example:8080", f"<script src={CDN}:8080/a.js></script>", [f"{CDN}:8080/a.js"]),
    ("img-src ws:", f"<img src={CDN}/a.png>", [f"{CDN}/a.png"]),
    ("media-src https:", "<video src=http://cdn.example/a.mp4></video>", ["http://cdn.example/a.mp4"]),
    ("img-src https:", "<link rel=icon href=http://cdn.example/a.ico>", ["http://cdn.example/a.ico"]),
    ("img-src 'none'", "<img srcset='/a.png 1x'>", ["https://www.acme.example/a.png"]),
    ("img-src 'none'", "<video poster=/a.png></video>", ["https://www.acme.example/a.png"]),
]
"""What Chromium blocks, and we do not: the standard says otherwise, or the browser chooses by the screen."""


def place_of(resource: Resource) -> str:
    """Return what a browser calls a resource."""
    return "inline" if resource.url is None else "data" if resource.url.scheme == "data" else str(resource.url)


def blocked_places(policy: str, html: str) -> list[str]:
    """Return what a policy blocks of the page, by our reading."""
    return [place_of(one) for one, by in judged(html, httpx.URL(HERE), [policy])[1] if by]
