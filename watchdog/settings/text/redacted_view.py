"""The loaded configuration in rows for people: the effective values, defaults included, and never a secret. Pure.

Rule 1: of a secret only its name is shown, and whether it is set.
Rule 2: an address is shown without user, query and fragment, which may hold a key; texts to look for in pages are
hidden too.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from watchdog.adapters.stores import shown_url
from watchdog.domain.units import show_seconds
from watchdog.settings.load.secrets import KNOWN
from watchdog.settings.model.settings import Adapter, Settings
from watchdog.settings.schema.console_schema import ConsoleShape, PeopleShape
from watchdog.settings.text.summary import Row, gate_words, people_rows, rule_rows, service_rows

Section = tuple[str, tuple[Row, ...]]
FIGURES = ("budget", "brakes", "pace", "detection", "blame", "verification")
"""The parts of a policy that are figures alone."""
HIDDEN = "(written)"


def shown(settings: Settings) -> tuple[Section, ...]:
    """Return the sections, each with its rows: a name and a value."""
    policy = settings.policy
    own = [name for name in settings.secrets if name not in KNOWN]
    return (
        ("Services", tuple((name, f"{words}; {_details(settings, name)}") for name, words in service_rows(settings))),
        ("Policy", tuple(rule_rows(policy))),
        ("Notices", tuple((name, words or "none") for name, words in people_rows(policy))),
        *((name.capitalize(), tuple(_figures(getattr(policy, name)))) for name in FIGURES),
        ("Channels", tuple((name, _adapter(one)) for name, one in settings.channels.items())),
        ("The daemon", tuple(_rest(settings))),
        # Every known name, also unset ones: a reader looks for the one that is missing.
        ("Secrets", tuple((name, "set" if name in settings.secrets else "not set") for name in (*KNOWN, *own))),
        ("Warnings", tuple((str(number), text) for number, text in enumerate(settings.warnings, 1))),
    )


def _details(settings: Settings, name: str) -> str:
    """Return what is configured of a service beside its mode."""
    policy = settings.policy.services[name]
    said = [f"objective {100 * policy.objective:.6g} %"]
    said += [f"tags {', '.join(policy.tags)}"] if policy.tags else []
    said += [f"depends on {', '.join(policy.depends_on)}"] if policy.depends_on else []
    said += [f"gate: {gate_words(settings.gates[name])}"] if settings.gates[name].staging else []
    said += [f"{signal}: {_adapter(one)}" for signal, one in settings.services[name].signals.items()]
    return "; ".join(said)


def _adapter(adapter: Adapter) -> str:
    """Return an adapter's options that are not left out, its kind first."""
    kind, options = adapter
    written = {kind, *(type(options).model_fields[name].alias or name for name in options.model_fields_set)}
    said = [_option(key, value) for key, value in parts(options) if value is not None and key in written]
    return ", ".join(said) or kind


def _option(name: str, value: Any) -> str:
    if isinstance(value, str) and ADDRESS.fullmatch(value):
        return f"{name} {address(value)}"
    if isinstance(value, (bool, int, float)):
        return f"{name} {_word(name, value)}"
    # Hidden unless listed: a new option with a secret in it must not be shown because this file did not know it.
    return f"{name} {value if isinstance(value, str) and len(value) < 40 and name in OPEN else HIDDEN}"


ADDRESS = re.compile(r"https?://\S+")
OPEN = frozenset(
    {"sentry", "render_events", "release", "environment", "region", "channel", "smtp", "from", "user", "tls", "method"}
)
"""Options whose texts are names, not texts to be found in a page."""


def address(url: str) -> str:
    """Return an address without the parts that may hold a key."""
    try:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        return HIDDEN
    # `?…` says that there is a query without showing it.
    return f"{parts.scheme}://{place}{parts.path}{'?…' if parts.query else ''}"


def host(url: str) -> str:
    """Return the host of an address, and no more: the path of an endpoint may be its key."""
    parts = address(url).split("/", 3)
    return "/".join([*parts[:3], "…"]) if len(parts) > 3 and parts[3] else "/".join(parts)


def parts(thing: Any) -> Iterable[tuple[str, Any]]:
    """Yield the parts of a setting: of options by their keys in the file, of a policy by its fields."""
    if isinstance(thing, BaseModel):
        return ((field.alias or name, getattr(thing, name)) for name, field in type(thing).model_fields.items())
    return ((field.name, getattr(thing, field.name)) for field in dataclasses.fields(thing))


def _figures(thing: Any) -> Iterable[Row]:
    for name, value in parts(thing):
        yield name.removesuffix("_seconds").replace("_", " "), _word(name, value)


def _word(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return show_seconds(value) if name.endswith("seconds") else f"{value:g}"
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _rest(settings: Settings) -> Iterable[Row]:
    metrics, record = settings.metrics, settings.record
    yield "file", settings.path.name if settings.path is not None else "WATCHDOG_CONFIG_YAML"
    yield "store", shown_url(settings.store_url)
    yield "metrics.listen", f"{metrics.host}:{metrics.port}" if metrics.host is not None else "nothing"
    yield "metrics.hosts", ", ".join(settings.hosts) or "none"
    yield "metrics.remote_write", host(metrics.remote_write) if metrics.remote_write else "none"
    yield from _console(settings.console)
    for name, page in settings.status_pages.items():
        yield f"status_pages.{name}", f"{page.title}: {', '.join(page.services)}"
    for own in settings.checklists:
        yield f"checklists: {own.title}", f"{len(own.items)} items, {', '.join(own.services) or 'all services'}"
    yield "follow_ups.remind", "yes" if settings.remind else "no"
    yield "log", f"{settings.log.format}, {settings.log.level}"
    kept = f"{show_seconds(record.keep)}, {record.max // 1024**2} MiB at most"
    yield "record", kept if record.folder is not None else "off"
    yield "control", ", ".join(map(address, settings.policy.control)) or "none"
    yield from _named("vendor_status", settings.vendors)
    yield from _named("endpoints", settings.endpoints)
    for name, one in settings.dependencies.items():
        of = f" ({', '.join(one.components)})" if one.components else ""
        yield f"dependencies.{name}", f"{one.render or address(one.vendor_status or '')}{of}"
    yield "private_hosts", ", ".join(settings.private_hosts) or "none"


def _console(console: ConsoleShape) -> Iterable[Row]:
    yield "console", "enabled" if console.enabled else "off"
    if not console.enabled:
        return
    yield "console.url", console.url or "none"
    yield "console.tokens", _word("tokens", console.tokens)
    if console.proxy is not None:
        said = f"{console.proxy.user_header} from {', '.join(console.proxy.sources)}"
        yield "console.proxy", f"{said}; {_people(console.proxy)}"
    if console.oidc is not None:
        said = f"{console.oidc.claim} of {console.oidc.client_id} at {address(console.oidc.issuer)}"
        yield "console.oidc", f"{said}; {_people(console.oidc)}"


def _people(people: PeopleShape) -> str:
    viewers = "everybody" if people.everybody else ", ".join(people.viewers) or "none"
    roles = (("approvers", ", ".join(people.approvers) or "none"), ("operators", ", ".join(people.operators) or "none"))
    return ", ".join(f"{role}: {names}" for role, names in (*roles, ("viewers", viewers)))


def _named(section: str, urls: Mapping[str, str]) -> Iterable[Row]:
    for name, url in urls.items():
        yield f"{section}.{name}", host(url)
