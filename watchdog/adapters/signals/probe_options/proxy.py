"""An HTTP proxy between a probe and its site.

Rule 1: the proxy looks up the site's name, so we judge the proxy's address, and the site's where it is written as one.
Rule 2: what the proxy itself fails at is no evidence against the site: refused connections, credentials, no answer.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import httpx
from pydantic import AfterValidator, model_validator
from pydantic import Field as OptionField

from watchdog.adapters.options import Options, parse_url
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_options.named_secrets import check_places, filled, only_a_place
from watchdog.domain.readings import FailureKind

UNREACHED = (502, 503, 504)
"""Statuses by which a proxy says that it cannot reach the site."""
WANTS_CREDENTIALS = 407


def _check_url(text: str) -> str:
    url = parse_url(text)
    if url.scheme != "http" or not url.host or url.userinfo or url.path != "/" or url.query:
        raise ValueError("not a proxy: write http://host:port, with user and password in their own keys")
    return text


class ProbeProxy(Options):
    """The proxy of a probe, with credentials if it asks for them."""

    url: Annotated[str, AfterValidator(_check_url)] = OptionField(description="its address: http://host:port")
    user: Annotated[str, AfterValidator(check_places)] | None = OptionField(
        default=None, min_length=1, description="the name that it knows the probe by"
    )
    password: Annotated[str, AfterValidator(only_a_place)] | None = OptionField(
        default=None, description='the place of a secret, as in "${WATCHDOG_PROBE_PROXY}"'
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "ProbeProxy":
        if (self.user is None) != (self.password is None):
            raise ValueError("half of the credentials: write user and password, or neither")
        return self


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy as it is asked; its repr shows no credentials."""

    url: httpx.URL
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, options: ProbeProxy, secrets: Mapping[str, str]) -> "Proxy":
        """Return the proxy of these options, with the secrets in their places."""
        if options.user is None:
            return cls(httpx.URL(options.url))
        return cls(httpx.URL(options.url), (filled(options.user, secrets), filled(options.password, secrets)))

    def tunnel_to(self, host: str, port: int) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """Return target and headers of the request for a tunnel to a site."""
        target = f"[{host}]:{port}".encode() if ":" in host else f"{host}:{port}".encode()
        headers = [(b"Host", target), (b"Accept", b"*/*")]
        if self.credentials is not None:
            headers.append((b"Proxy-Authorization", b"Basic " + base64.b64encode(":".join(self.credentials).encode())))
        return target, headers


def refused_by_proxy(status: int) -> Failure:
    """Return the failure that a proxy's own answer stands for."""
    if status in UNREACHED:
        return Failure(FailureKind.GATEWAY, f"the proxy does not reach the site: HTTP {status}")
    return Failure(FailureKind.CONNECT, f"the proxy refuses the probe: HTTP {status}", ours=True)
