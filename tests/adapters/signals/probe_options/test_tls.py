"""A private authority and a client certificate: real handshakes, files that are refused, shared contexts."""

import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.adapters.signals.sites import answering, authority, context_at, redirect, routes, server_tls, site
from tests.settings.texts import loaded, mistakes
from watchdog.adapters.signals import http
from watchdog.adapters.signals.journeys import journey
from watchdog.adapters.signals.journeys.steps import JourneyOptions
from watchdog.adapters.signals.probe_options.tls import ProbeTls
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown

OTHERS = trustme.CA()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an authority, a client's certificate and key, and files that do not fit."""
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client = authority().issue_cert("probe.acme.example")
    client.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    client.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    client.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    OTHERS.issue_cert("probe.acme.example").private_key_pem.write_to_path(str(tmp_path / "other-key.pem"))
    (tmp_path / "note.pem").write_text("canary: not PEM\n")
    (tmp_path / "empty.pem").touch()
    sealing = ["openssl", "pkey", "-aes128", "-passout", "pass:canary", "-in", "key.pem", "-out", "sealed.pem"]
    subprocess.run(sealing, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def asking() -> ssl.SSLContext:
    """Return what a server needs that lets in only those whom our authority knows."""
    context = server_tls()
    authority().configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def read(url: str, folder: Path, files: dict[str, str] | None, **options: Any) -> Reading:
    tls = {"tls": {key: str(folder / name) for key, name in files.items()}} if files is not None else {}
    written = http.HttpOptions.model_validate({"http": url, "timeout": "10s", **tls, **options})
    (sample,) = await http.build("home", written, context_at()).read()
    return sample.reading


PAIR = {"ca": "ca.pem", "client_cert": "cert.pem", "client_key": "key.pem"}


@pytest.mark.parametrize(
    ("server", "files", "wanted"),
    [
        (server_tls, {"ca": "ca.pem"}, Good),
        (server_tls, None, Bad),
        (asking, PAIR, Good),
        (asking, {"ca": "ca.pem", "client_cert": "both.pem"}, Good),
        (asking, {"ca": "ca.pem"}, Bad),
        (server_tls, {"client_cert": "both.pem"}, Bad),  # the public authorities do not know this server
    ],
)
async def test_a_private_authority_and_a_certificate_of_our_own(
    folder: Path, server: Callable[[], ssl.SSLContext], files: dict[str, str] | None, wanted: type[Reading]
) -> None:
    """A server that asks for a certificate lets in who shows one."""
    async with site(answering(), server()) as base:
        found = await read(base, folder, files)
    assert isinstance(found, wanted), found
    # The refusal of our certificate comes after the handshake: an alert, an end, or a reset that overtakes both.
    assert not isinstance(found, Bad) or found.kind in (FailureKind.TLS, FailureKind.CONNECT, FailureKind.PROTOCOL)


@pytest.mark.parametrize(("files", "wanted"), [(PAIR, Good), ({"ca": "ca.pem"}, Bad)])
async def test_a_journey_shows_the_certificate_in_each_step(
    folder: Path, files: dict[str, str], wanted: type[Reading]
) -> None:
    async with site(answering(), asking()) as base:
        tls = {key: str(folder / name) for key, name in files.items()}
        written = {"journey": base, "steps": [{"path": "/"}, {"path": "/cart"}], "tls": tls}
        (sample,) = await journey.build("order", JourneyOptions.model_validate(written), context_at()).read()
    assert isinstance(sample.reading, wanted), sample.reading


async def test_another_server_sees_neither_our_certificate_nor_our_trust(folder: Path) -> None:
    """The private authority is for the site of the configuration: what it vouches for elsewhere is not believed."""
    async with site(answering(), asking()) as other, site(redirect(other), asking()) as base:
        assert await read(base, folder, PAIR, redirects=1) == Bad(
            "TLS: self-signed certificate in certificate chain", FailureKind.TLS
        )


async def test_a_way_back_from_another_server_is_that_servers_choice(folder: Path) -> None:
    """Where it leads our own site gets no certificate of ours either."""
    back: list[str] = []

    async def onward(reader: Any, writer: Any) -> None:
        await redirect(back[0])(reader, writer)

    home = routes({"/": answering(), "/out": redirect("/")})
    async with site(home, asking()) as base:
        assert await read(f"{base}/out", folder, PAIR, redirects=1) == Good("HTTP 200")
    async with site(onward) as other, site(routes({"/": redirect(other), "/in": answering()}), asking()) as base:
        back.append(f"{base}/in")
        assert await read(base, folder, PAIR, redirects=2) == Bad(
            "TLS: self-signed certificate in certificate chain", FailureKind.TLS
        )


async def test_a_renewed_file_is_taken_and_one_that_went_away_is_no_outage(folder: Path) -> None:
    """Of a half written pair nothing is known of the site; the same files are one context, whoever asks."""
    tls = ProbeTls(**PAIR).within(folder)
    assert tls.context() is ProbeTls(**PAIR).within(folder).context()
    assert tls.context() is not ProbeTls(ca="ca.pem").within(folder).context()
    async with site(answering(), asking()) as base:
        assert await read(base, folder, PAIR) == Good("HTTP 200")
        renewed = authority().issue_cert("probe.acme.example", "again.acme.example")
        renewed.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
        half = await read(base, folder, PAIR)
        assert isinstance(half, Unknown) and "a file of tls" in half.why
        renewed.private_key_pem.write_to_path(str(folder / "key.pem"))
        assert await read(base, folder, PAIR) == Good("HTTP 200")
        (folder / "key.pem").unlink()
        assert isinstance(await read(base, folder, PAIR), Unknown)


TEXT = "version: 1\nservices:\n  web:\n    signals:\n      home:\n        http: URL\n        tls:\n"


@pytest.mark.parametrize(
    ("files", "line", "says"),
    [
        ({"ca": "none.pem"}, 8, "tls.ca: there is no such file"),
        ({"ca": "empty.pem"}, 8, "tls.ca: is no file, empty"),
        ({"ca": "."}, 8, "tls.ca: is no file, empty"),
        ({"ca": "note.pem"}, 8, "holds no certificate in PEM -> write one that begins with"),
        ({"ca": "key.pem"}, 8, "holds no certificate in PEM"),
        ({"client_cert": "cert.pem"}, 8, "tls.client_cert: holds no key that can be read without a password"),
        (
            {"client_cert": "cert.pem", "client_key": "other-key.pem"},
            9,
            "the key is of another certificate",
        ),
        ({"client_cert": "cert.pem", "client_key": "sealed.pem"}, 9, "write one in PEM, decrypted"),
        ({"client_cert": "cert.pem", "client_key": "note.pem"}, 9, "holds no key that can be read"),
        ({"client_key": "key.pem"}, 7, "a key without a certificate -> write client_cert"),
        ({}, 7, "names no file"),
    ],
)
def test_files_that_do_not_fit_are_named_with_their_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], line: int, says: str
) -> None:
    """Nothing of a file is repeated, and no password is asked for at a terminal."""
    monkeypatch.chdir(folder)
    lines = "".join(f"          {key}: {folder / name}\n" for key, name in files.items()) or "          {}\n"
    (mistake,) = mistakes(TEXT.replace("URL", "https://acme.example") + lines)
    assert str(mistake).startswith(f"watchdog.yaml:{line}: ") and says in str(mistake) and "canary" not in str(mistake)


def test_relative_paths_lie_beside_the_file_and_tls_needs_https(folder: Path) -> None:
    whole = TEXT + f"          ca: {folder}/ca.pem\n"
    options = loaded(whole.replace("URL", "https://acme.example")).services["web"].signals["home"].options
    assert isinstance(options, http.HttpOptions) and options.tls == ProbeTls(ca=f"{folder}/ca.pem")
    assert ProbeTls(ca="ca.pem").within(folder) == options.tls
    (mistake,) = mistakes(whole.replace("URL", "http://acme.example"))
    assert "useless without https" in str(mistake)
