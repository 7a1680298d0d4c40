"""A probe through a real proxy: what the proxy is sent, and whose fault a failure is."""

import asyncio
import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.adapters.signals.sites import answering, authority, context_at, hang, hang_up, redirect, server_tls, site
from tests.adapters.vendor import REQUEST_END, Script
from watchdog.adapters.signals import http
from watchdog.adapters.signals.journeys import journey
from watchdog.adapters.signals.journeys.steps import JourneyOptions
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown
from watchdog.ports import Sample

PASSWORD = "c4n4ry-proxy"
SECRETS = {"WATCHDOG_PROBE_PROXY": PASSWORD, "WATCHDOG_PROBE_KEY": "c4n4ry-site"}


def proxying(seen: list[str], refusal: str = "", leads_to: str = "") -> Script:
    """Return a proxy that passes a tunnel or a request on, or refuses it; `leads_to` is where every name leads."""

    async def script(reader: Any, writer: Any) -> None:
        head = (await reader.readuntil(REQUEST_END)).decode()
        seen.append(head)
        if refusal:
            writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        method, target, _ = head.split(" ", 2)
        at = urlsplit(leads_to or (target if method != "CONNECT" else f"//{target}"))
        onward, back = await asyncio.open_connection(at.hostname, at.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            back.write(head.encode())

        async def pump(source: Any, sink: Any) -> None:
            while piece := await source.read(65536):
                sink.write(piece)
            sink.close()

        await asyncio.gather(pump(reader, back), pump(onward, writer), return_exceptions=True)

    return script


async def read(url: str, proxy: str, **options: Any) -> Sample:
    written = {"url": proxy, "user": "me", "password": "${WATCHDOG_PROBE_PROXY}"}
    given = http.HttpOptions.model_validate({"http": url, "timeout": "5s", "proxy": written, **options})
    source = http.build("home", given, context_at(secrets=SECRETS))
    (sample,) = await source.read()
    assert "c4n4ry" not in f"{sample!r} {source._wire._proxy!r}"
    return sample


async def test_a_tunnel_carries_tls_and_the_site_never_sees_the_proxys_password(tmp_path: Path) -> None:
    """The name goes to the proxy, which looks it up; certificate and phases are those of the site."""
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    seen: list[str] = []
    at_site: list[str] = []
    async with (
        site(answering(seen=at_site), server_tls("acme.example")) as base,
        site(proxying(seen, leads_to=base)) as proxy,
    ):
        url, tls = "https://acme.example:8443/", {"ca": str(tmp_path / "ca.pem")}
        sample = await read(url, proxy, tls=tls, headers={"x-api-key": "${WATCHDOG_PROBE_KEY}"})
    assert sample.reading == Good("HTTP 200")
    assert sample.certificate is not None and sample.certificate.host == "acme.example:8443"
    assert sample.phases is not None and sample.phases.tls_seconds and sample.phases.connect_seconds
    pair = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert seen[0].startswith("CONNECT acme.example:8443 ") and f"Basic {pair}" in seen[0] and "c4n4ry" not in seen[0]
    assert "c4n4ry-site" in at_site[0] and "proxy" not in at_site[0].lower()


@pytest.mark.parametrize(
    ("onward", "wanted"),
    [
        (
            "https://other.example/",
            Bad("redirected to another host: not followed through a proxy", FailureKind.REDIRECT),
        ),
        ("http://acme.example/", Unknown("http:// is not probed through a proxy: write https://")),
    ],
)
async def test_no_other_host_and_no_plain_address_is_followed(onward: str, wanted: Any, tmp_path: Path) -> None:
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    seen: list[str] = []
    async with (
        site(redirect(onward), server_tls("acme.example")) as base,
        site(proxying(seen, leads_to=base)) as proxy,
    ):
        sample = await read("https://acme.example/", proxy, redirects=2, tls={"ca": str(tmp_path / "ca.pem")})
    assert sample.reading == wanted and len(seen) == 1


@pytest.mark.parametrize(
    ("scheme", "refusal", "wanted"),
    [
        ("https", "503 No", Bad("the proxy does not reach the site: HTTP 503", FailureKind.GATEWAY)),
        ("https", "407 Who", Unknown("the proxy refuses the probe: HTTP 407")),
        ("https", "403 No", Unknown("the proxy refuses the probe: HTTP 403")),
        ("http", "403 No", Unknown("http:// is not probed through a proxy: write https://")),
    ],
)
async def test_what_the_proxy_answers_by_itself(scheme: str, refusal: str, wanted: Any) -> None:
    """Where it cannot reach the site that is evidence, as from any gateway; what it refuses us is none."""
    async with site(proxying([], refusal)) as proxy:
        assert (await read(f"{scheme}://acme.example/", proxy)).reading == wanted


async def test_a_proxy_that_is_away_is_no_outage_of_the_site_and_a_site_that_hangs_is_one() -> None:
    """Nor is one whose address the guard refuses: it must be named under private_hosts."""
    async with site(hang) as slow, site(proxying([], leads_to=slow)) as proxy:
        sample = await read("https://acme.example/", proxy, timeout="300ms")
        assert isinstance(sample.reading, Bad) and sample.reading.kind is FailureKind.TIMEOUT
    for script in (hang, hang_up):
        async with site(script) as proxy:
            sample = await read("https://acme.example/", proxy, timeout="300ms")
        assert isinstance(sample.reading, Unknown) and "proxy" in sample.reading.why
    away = (await read("https://acme.example/", proxy)).reading
    assert away == Unknown("the proxy: connection refused")
    metadata = (await read("https://10.0.0.8/", "http://169.254.169.254")).reading
    assert isinstance(metadata, Unknown) and "where we never connect" in metadata.why


async def test_each_step_of_a_journey_goes_through_it(tmp_path: Path) -> None:
    """Its secret reaches the site alone; a proxy that is away is no outage of the site, whatever the step."""
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    seen: list[str] = []
    at_site: list[str] = []
    written = {
        "journey": "https://acme.example",
        "steps": [{"path": "/"}, {"path": "/cart", "headers": {"x-api-key": "${WATCHDOG_PROBE_KEY}"}}],
        "tls": {"ca": str(tmp_path / "ca.pem")},
    }
    credentials = {"user": "me", "password": "${WATCHDOG_PROBE_PROXY}"}
    async with (
        site(answering(seen=at_site), server_tls("acme.example")) as base,
        site(proxying(seen, leads_to=base)) as proxy,
    ):
        options = JourneyOptions.model_validate({**written, "proxy": {"url": proxy, **credentials}})
        source = journey.build("order", options, context_at(secrets=SECRETS))
        (good,) = await source.read()
    (away,) = await source.read()
    assert good.reading == Good("2 of 2 steps passed")
    assert away.reading == Unknown("step 1 of 2 (/): the proxy: connection refused")
    pair = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert [head.startswith("CONNECT acme.example:443 ") and pair in head for head in seen] == [True, True]
    assert "c4n4ry-site" not in at_site[0] and "c4n4ry-site" in at_site[1] and pair not in "".join(at_site)
    assert options.variables_by_key == {"proxy": ("WATCHDOG_PROBE_PROXY",), "steps": ("WATCHDOG_PROBE_KEY",)}
