"""Staging services for drills: what the configuration itself knows about production forbids one."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from watchdog.adapters.remedies.flag_off import FlagOffOptions
from watchdog.adapters.remedies.flag_on import FlagOnOptions
from watchdog.adapters.remedies.options import RemedyOptions
from watchdog.domain.drills.staging import PRODUCTION_WORDS
from watchdog.settings.schema.drill_schema import ServiceDrillShape
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.yaml_document import Document

_WORD = re.compile(r"[a-z]+")


def staging_services(document: Document, shape: Shape) -> Mapping[str, ServiceDrillShape]:
    """Return the staging services, each with what breaks it; report what cannot be one."""
    found = {name: one.drill for name, one in shape.services.items() if one.drill is not None}
    staging = {name for name, drill in found.items() if drill.staging}
    for name, drill in found.items():
        path = ("services", name, "drill")
        if not drill.staging:
            what = "a drill breaks this service on purpose"
            document.report(path, what, "write staging: true if no user depends on it, or remove it")
        if not drill.methods:
            cure = "add bad_commit: the 40 characters of a commit that breaks it, or flag_on: a feature flag that does"
            document.report(path, "nothing that breaks it", cure)
        for why in _production(shape, name, staging):
            document.report(path, why, "drills are for staging: remove it")
        if drill.flag_on is not None:
            for why, cure in _wrong_flag(shape, name, drill.flag_on, staging):
                document.report((*path, "flag_on"), why, cure)
    return {name: drill for name, drill in found.items() if name in staging}


def flag_off_of(remedies: Iterable[RemedyOptions], on: FlagOnOptions) -> FlagOffOptions | None:
    """Return the remedy that switches the flag of a drill off again, or None."""
    return next((one for one in _flags_of(remedies) if one.flag == on.flag), None)


def _flags_of(remedies: Iterable[RemedyOptions]) -> Iterator[FlagOffOptions]:
    return (one for one in remedies if isinstance(one, FlagOffOptions))


def _wrong_flag(shape: Shape, name: str, on: FlagOnOptions, staging: set[str]) -> list[tuple[str, str]]:
    """Return why that flag is no fault that the daemon repairs, or may be one of production; each with its cure."""
    off = flag_off_of(shape.services[name].remedy_options, on)
    if off is None:
        cure = f"add remedies: [flag_off: {{flag: {on.flag}, without_deploy: true, …}}] to {name}"
        return [(f"nothing switches {on.flag} off again", cure)]
    found = []
    if off.look is None:
        found.append((f"the flag_off of {on.flag} has no look", "add look: a drill reads it before and after"))
    if not off.without_deploy:
        what = f"the flag_off of {on.flag} is tried before a rollback alone, and here no deploy is to blame"
        found.append((what, "add without_deploy: true to it"))
    if urlsplit(on.request.url).netloc != urlsplit(off.request.url).netloc:
        found.append(("another host than that of its flag_off", "write the flag service that switches it off again"))
    if _what(on) == _what(off):
        found.append(("it is the request that switches the flag off", "write the one that switches it on"))
    if words := sorted(_words(on, off) & PRODUCTION_WORDS):
        found.append((f"its requests name {words[0]}", "write the flag of the staging environment"))
    for other in sorted(set(shape.services) - staging):
        # A switch has one body for each direction, but one look, which names the environment.
        same = [
            one
            for one in _flags_of(shape.services[other].remedy_options)
            if _what(one) == _what(off) or _read(one) == _read(off)
        ]
        if same:
            what = f"{other}, which is no staging service, has the same flag at the same address"
            found.append((what, "write a flag, or an environment of it, that staging alone reads"))
    return found


def _what(options: FlagOnOptions | FlagOffOptions) -> tuple[object, ...]:
    return (options.request.method, options.request.url, options.request.body)


def _read(options: FlagOffOptions) -> object:
    return None if options.look is None else (options.look.url, options.look.json_path)


def _words(on: FlagOnOptions, off: FlagOffOptions) -> set[str]:
    """Return the words of both requests and of the look, without the name of the host."""
    urls = [on.request.url, off.request.url, *([off.look.url] if off.look is not None else [])]
    asked = [f"{urlsplit(url).path} {urlsplit(url).query}" for url in urls]
    sent = [json.dumps(one.request.body) for one in (on, off)]
    read = off.look.json_path if off.look is not None else ""
    return set(_WORD.findall(" ".join((*asked, *sent, read)).lower()))


def _production(shape: Shape, name: str, staging: set[str]) -> list[str]:
    """Return what the configuration says against a drill on a service."""
    words = set(name.lower().replace("_", "-").split("-"))
    pages = [page for page, one in shape.status_pages.items() if name in one.services]
    dependants = [
        other for other, one in shape.services.items() if name in one.depends_on and other not in staging | {name}
    ]
    return [
        *([f"its name says {', '.join(sorted(words & PRODUCTION_WORDS))}"] if words & PRODUCTION_WORDS else []),
        *(f"status_pages.{page} shows it to the public" for page in pages),
        *(f"{other}, which is no staging service, depends on it" for other in dependants),
        *(["it has no render: to deploy to"] if shape.services[name].render is None else []),
    ]
