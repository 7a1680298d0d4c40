"""What was found of another tool's configuration, written as one of ours, in mode observe; each loss is a comment.

Rule 1: what is written loads. Each site is tried by our own checks first; one that they refuse is left out, and why.
Rule 2: foreign text stands in quotes, or behind # on one line without what may be a secret.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchdog.adapters.signals.redirects import REDIRECTS
from watchdog.domain.texts.secret_shapes import SECRET
from watchdog.settings.load.build import build
from watchdog.settings.load.secrets import SecretMap
from watchdog.settings.other_tools.sites import Found, Keys, Site, clean
from watchdog.settings.rules.required_secrets import is_private_name
from watchdog.settings.schema.schema import SERVICES_MAX
from watchdog.settings.text.first_channels import FirstChannels
from watchdog.settings.text.init import HEAD, TAIL, plain_name
from watchdog.settings.text.yaml_document import parse

PRIVATE_MAX = 100
"""The most names that `private_hosts` takes."""
WIDTH = 118
_PLAIN = re.compile(r"\d+(ms|s|m|h|d)|[1-5]xx|GET|HEAD|OPTIONS|POST|PUT|PATCH")
_NAME = re.compile(r"(?!(?:on|off|yes|no|true|false|null|y|n)$)[a-z][a-z0-9_-]*", re.IGNORECASE)
"""Values and keys that need no quotes."""
_MERGE = """\
# Each site below is a service of its own. Where several belong to one service on Render, move their signals below one
# name and write its render:, so that its deploys are seen and can be blamed.
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """A configuration that was made from another tool's, and what is told of it."""

    text: str
    """The configuration."""
    variables: Mapping[str, str]
    """The secrets that it names, each with what to put there."""
    carried: int
    """How many sites it has."""
    lost: Sequence[str]
    """What could not be carried over, a line each; the same of several sites once."""


def written(found: Found, keys: Keys, origin: str, channels: FirstChannels) -> Imported:
    """Return the configuration of what was found; `origin` says of which files.

    Raises ValueError where nothing is left to watch.
    """
    hosts: list[str] = []
    names: list[str] = []
    blocks: list[str] = []
    for site in found.sites:
        for signal in site.signals.values():
            _leave_redirects_out(signal)
        if not site.left_out:
            _try(site, hosts, len(names))
        if site.left_out:
            blocks.append(_comment(f"left out: {site.name}: {site.left_out}", 2))
        else:
            names.append(plain_name(site.name, names))
            blocks.append(_service(names[-1], site, keys))
    if not names:
        why = next((site.left_out for site in found.sites), "it has no site that is probed")
        raise ValueError(f"nothing could be carried over: {why}")
    head = HEAD.replace("version: 1\n", f"{_comment(f'Made from {origin}.', 0)}{_MERGE}version: 1\n", 1)
    notes = "".join(_comment(f"not carried over: {note}", 0) for note in found.notes)
    private = f"private_hosts: [{', '.join(map(quoted, hosts))}]  # the names that no public name server knows\n"
    text = head + "".join(blocks) + notes + channels.text() + (private if hosts else "") + TAIL
    if _mistakes(text):
        raise ValueError("what was made of it does not load, by a fault of the watchdog: please report it")
    named = {name: meaning for name, meaning in keys.meanings.items() if f"${{{name}}}" in text}
    return Imported(text, named, len(names), list(_lost(found)))


def _leave_redirects_out(signal: dict[str, Any]) -> None:
    """Leave redirects that are followed out of the expected statuses: of one that is expected we look no further.

    Other tools judge the answer at the end alone. Where they expect nothing but a redirect, it stays so.
    """
    given = signal.get("status") if signal.get("redirects") else None
    listed = given if isinstance(given, list) else [] if given is None else [given]
    kept = [status for status in listed if status not in ("3xx", *REDIRECTS)]
    if kept:
        signal["status"] = kept[0] if len(kept) == 1 else kept


def _try(site: Site, hosts: list[str], count: int) -> None:
    """Leave a site out that our own checks refuse; else list its private hosts."""
    wanted = [host for host in dict.fromkeys(_private_hosts(site)) if host not in hosts]
    if count == SERVICES_MAX:
        site.left_out = f"a configuration has {SERVICES_MAX} services at most"
    elif len(hosts) + len(wanted) > PRIVATE_MAX:
        site.left_out = f"private_hosts names {PRIVATE_MAX} at most: watch it by a second configuration"
    elif not site.signals:
        site.left_out = "nothing of it is probed"
    else:
        private = f"private_hosts: [{', '.join(map(quoted, wanted))}]\n" if wanted else ""
        text = f"version: 1\nservices:\n{_service('web', site, Keys())}channels: {{console: {{}}}}\n{private}"
        site.left_out = _mistakes(text)
    if not site.left_out:
        hosts.extend(wanted)


def _mistakes(text: str) -> str:
    """Return the first mistake of a configuration with its cure, or an empty text. Secrets need not be set."""
    document = parse(text, "watchdog.yaml")
    if document.data and not document.mistakes:
        build(document, SecretMap({}), {}, None, Path(), secretless=True)
    if not document.mistakes:
        return ""
    mistake = document.mistakes[0]
    what = mistake.what.partition("signals.")[2] or mistake.what
    return f"{what}: {mistake.instead}" if mistake.instead else what


def _private_hosts(site: Site) -> Iterator[str]:
    """Yield the hosts of a site, and of its proxies, that can only be in a private network."""
    for signal in site.signals.values():
        proxy = signal.get("proxy")
        places = [
            signal.get("http"),
            proxy.get("url") if isinstance(proxy, dict) else None,
            f"tcp://{signal.get('tcp', '')}",
        ]
        for place in (one for one in places if isinstance(one, str)):
            try:
                host = (urlsplit(place).hostname or "").lower()
            except ValueError:
                continue
            if is_private_name(host):
                yield host


def _service(name: str, site: Site, keys: Keys) -> str:
    lines = [f"  {name}:\n"]
    if name != site.name and len(site.name) <= 60 and site.name.isprintable() and not SECRET.search(site.name):
        lines.append(f"    title: {quoted(site.name)}\n")
    lines.append(
        f"    render: {quoted(site.render)}\n" if site.render else "    # render: srv-…  # its id or exact name\n"
    )
    if site.group:
        lines.append(f"    tags: [{plain_name(site.group, ())}]\n")
    lines += [_comment(f"not carried over: {note}", 4) for note in site.notes]
    lines.append("    signals:\n")
    for signal, options in site.signals.items():
        lines.append(f"      {signal}:\n")
        lines += [f"        {key}: {quoted(value)}\n" for key, value in options.items()]
    block = "".join(lines)
    needed = [_comment(f"{one}: {what}", 4) for one, what in keys.meanings.items() if f"${{{one}}}" in block]
    return lines[0] + "".join([*needed, *lines[1:]])


def quoted(value: Any) -> str:
    """Return a value as YAML on one line: texts in double quotes, so that they cannot become YAML of their own."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(str(key))}: {quoted(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(quoted, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if _PLAIN.fullmatch(str(value)):
        return str(value)
    return '"' + "".join(map(_escaped, str(value))) + '"'


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else f'"{"".join(map(_escaped, name))}"'


def _escaped(mark: str) -> str:
    if mark in '"\\':
        return f"\\{mark}"
    if "\ud800" <= mark <= "\udfff":  # half of a pair, which no file can hold
        return "\\uFFFD"
    return mark if mark.isprintable() else f"\\U{ord(mark):08X}"


def _comment(text: str, indent: int) -> str:
    """Return a comment of one or more lines."""
    wrapped = textwrap.wrap(clean(text, 1000), WIDTH - indent - 2, break_on_hyphens=False)
    return "".join(f"{' ' * indent}# {line}\n" for line in wrapped)


def _lost(found: Found) -> Iterator[str]:
    """Yield what is told at the terminal: the same loss of several sites once, with their number."""
    yield from found.notes
    of: dict[str, list[str]] = {}
    for site in found.sites:
        for text in [f"left out: {site.left_out}"] if site.left_out else site.notes:
            of.setdefault(text, []).append(site.name)
    for text, names in of.items():
        yield clean(f"{names[0] if len(names) == 1 else f'{len(names)} sites'}: {text}", 300)
