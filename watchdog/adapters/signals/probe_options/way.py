"""The way to the site: the files of its TLS, the version of IP, a proxy. Said once for all that asks a site by HTTP."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from watchdog.adapters.signals.probe_options.named_secrets import NamesSecrets, filled
from watchdog.adapters.signals.probe_options.proxy import ProbeProxy
from watchdog.adapters.signals.probe_options.tls import ProbeTls

IpVersion = Annotated[
    Literal["4", "6", "any"],
    BeforeValidator(lambda written: str(written) if isinstance(written, int) else written),
    WithJsonSchema({"enum": [4, 6, "4", "6", "any"]}),
]
"""The addresses that are connected to: those of one version of IP, or of both in turn."""


class WayOptions(NamesSecrets):
    """How the site is reached."""

    tls: ProbeTls | None = None
    ip: IpVersion = "any"
    proxy: ProbeProxy | None = None

    @model_validator(mode="after")
    def _leaves_addresses_to_the_proxy(self) -> Self:
        if self.proxy is not None and self.ip != "any":
            raise ValueError("the proxy chooses the address of the site: write ip: any, or remove proxy")
        return self

    def written(self) -> Mapping[str, Any]:
        """Return what may name a variable, by its key."""
        return {**super().written(), "proxy": self.proxy.model_dump() if self.proxy is not None else None}

    def words_for_the_proxy(self, secrets: Mapping[str, str]) -> list[str]:
        """Return what no text may show of the proxy's credentials: the password, and both as they are sent."""
        if self.proxy is None or self.proxy.user is None:
            return []
        password = filled(self.proxy.password, secrets)
        pair = f"{filled(self.proxy.user, secrets)}:{password}"
        return [password, base64.b64encode(pair.encode()).decode()]
