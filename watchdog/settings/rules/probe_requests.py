"""The requests of probes: the secrets that they send, and to whom these may go."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as Folder
from urllib.parse import urlsplit

from watchdog.adapters.options import travels_in_clear
from watchdog.adapters.signals import SIGNALS
from watchdog.adapters.signals.probe_options.named_secrets import FAMILY
from watchdog.adapters.signals.probe_options.way import WayOptions
from watchdog.adapters.ssrf_guard import as_address
from watchdog.settings.model.settings import Adapter
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.yaml_document import Document, Path

Signals = Mapping[str, Mapping[str, Adapter]]


def probes(signals: Signals) -> Iterator[tuple[Path, str, WayOptions]]:
    """Yield each probe and journey with its place in the file, and its kind."""
    for service, adapters in signals.items():
        for name, adapter in adapters.items():
            if isinstance(adapter.options, WayOptions):
                yield ("services", service, "signals", name), adapter.kind, adapter.options


def variables_of_probes(signals: Signals) -> Iterator[tuple[str, Path]]:
    """Yield each variable that one of them names, with the place of its key."""
    for path, _, options in probes(signals):
        for key, variables in options.variables_by_key.items():
            yield from ((variable, (*path, key)) for variable in variables)


def with_tls_files(
    document: Document, service: str, adapters: Mapping[str, Adapter], folder: Folder | None
) -> dict[str, Adapter]:
    """Return a service's signals with whole paths, and report each file that cannot be used.

    Without a folder no file is read: the caller needs the policy only.
    """
    found = dict(adapters)
    for path, kind, options in probes({service: adapters}) if folder is not None else ():
        if options.tls is None or folder is None:
            continue
        if not getattr(options, kind).lower().startswith("https:"):
            document.report((*path, "tls"), "useless without https", "write https://, or remove tls")
            continue
        tls = options.tls.within(folder)
        for key, what, instead in tls.faults():
            document.report((*path, "tls", key), what, instead)
        found[str(path[-1])] = Adapter(kind, options.model_copy(update={"tls": tls}))
    return found


def check_targets(document: Document, shape: Shape, signals: Signals) -> None:
    """Report a probe that would send a secret unencrypted over a network that others share, or cannot connect."""
    for path, kind, options in probes(signals):
        url = urlsplit(getattr(options, kind))
        literal = as_address(url.hostname or "")
        if literal is not None and options.ip not in ("any", "6" if ":" in literal else "4"):
            document.report(
                (*path, "ip"), "the address of this probe is of the other version", "write any, or remove ip"
            )
        to_the_site = set(options.variables_by_key) - {"proxy"}
        if to_the_site and travels_in_clear(getattr(options, kind), shape.private_hosts):
            what = "the secret that this probe sends would travel in clear"
            document.report((*path, kind), what, "write https:// (http:// is for this machine and private_hosts)")
        if options.proxy is not None and url.scheme == "http":
            what = "answers of the proxy itself cannot be told from those of an http:// site"
            document.report((*path, kind), what, "write https://, or remove proxy")
        proxy = options.proxy
        if proxy is not None and proxy.password is not None and travels_in_clear(proxy.url, shape.private_hosts):
            what = "the password of the proxy would travel in clear"
            document.report((*path, "proxy"), what, "list its host under private_hosts, if it is in your network")


def unused_secrets(signals: Signals, variables: Mapping[str, str]) -> Sequence[str]:
    """Return a warning for each secret of probes that no probe names: often one of the two is misspelt."""
    named = {variable for variable, _ in variables_of_probes(signals)}
    for adapters in signals.values():
        named.update(variable for one in adapters.values() for variable in SIGNALS[one.kind].secrets(one.options))
    return [
        f"the variable {name} is set, and no probe names it"
        for name in sorted(variables)
        if name.startswith(FAMILY) and name not in named
    ]
