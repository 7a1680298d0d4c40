"""The bodies of the generic webhook: our own, of version 1, and one made after the user's template.

Rule 1: a template is JSON; its texts may name fields (`$title`), which are filled in after it was read. So no foreign
text can become a key, a number or an end of a text. It is `string.Template` with a closed set of names: no attribute,
no call, no format.
Rule 2: a field's text mentions no person and starts no link under another name in a chat: see `_inert`.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Template
from types import MappingProxyType
from typing import Any

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.facts import rows, typed
from watchdog.adapters.pagers.pagerduty import alert_key
from watchdog.domain.notices import Link, Notice

VERSION = 1
MAX_FIELD = 1500
"""Characters of a field: title and news fit into the 2000 characters that Discord takes."""
MAX_TEXTS, MAX_DEPTH = 200, 12
FIELDS: Mapping[str, Callable[[Notice], str]] = MappingProxyType(
    {
        "title": text.title,
        "news": lambda notice: _joined(text.news(notice)),
        "details": lambda notice: _joined(text.details(notice)),
        "facts": lambda notice: _joined(f"{name}: {value}" for name, value in rows(notice).items()),
        "progress": lambda notice: text.clean(notice.progress, 80),
        "service": lambda notice: "" if notice.plain else text.clean(notice.service, 255),
        "incident": lambda notice: "" if notice.plain else text.clean(notice.incident, 255),
        "severity": lambda notice: "" if notice.plain else notice.severity.value,
        "kind": lambda notice: notice.kind.value,
        "key": lambda notice: alert_key(notice.dedup_key),
        "links": lambda notice: _joined(f"{_inert(link.text)}: {link.href}" for link in _links(notice)),
        "link": lambda notice: next((link.href for link in _links(notice)), ""),
    }
)
"""The fields of a template, each with its text."""
VERBATIM = frozenset({"links", "link", "key"})
"""Fields that hold addresses, which `text.links` made inert, or what a receiver compares. Captions are inert."""
_MENTION = re.compile(r"(?<!\w)@(?=\w)|@(?=(?:everyone|here|channel|all)\b)", re.IGNORECASE)
"""A name behind a sign, and the names of whole channels anywhere; an e-mail address stays as it is."""
_SIGNS = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "∗"})


def as_json(notice: Notice) -> dict[str, Any]:
    """Return the body of version 1: fields may be added, never changed; `dedup_key` distinguishes incidents.

    A notice for people outside engineering has its title and lines alone, and is marked with `plain`.
    """
    shared = {
        "version": VERSION,
        "at": notice.at,
        "dedup_key": text.clean(notice.dedup_key, 600),
        "kind": notice.kind.value,
        "resolves": notice.resolves,
        "title": text.title(notice),
        "lines": list(text.lines(notice)),
    }
    # People outside engineering read this one: no severity, tasks or links.
    if notice.plain:
        return {**shared, "plain": True}
    return {
        **shared,
        "incident": text.clean(notice.incident, 255),
        "service": text.clean(notice.service, 255),
        "severity": notice.severity.value,
        "wakes": notice.wakes,
        "progress": text.clean(notice.progress, 80),
        "news": list(text.news(notice)),
        "details": list(text.details(notice)),
        "todo": [text.clean(line, 300) for line in notice.todo],
        "links": [{"text": link.text, "href": link.href} for link in text.links(notice)],
        "facts": typed(notice),
    }


def filled(template: Any, notice: Notice, key: str = "") -> Any:
    """Return the template with the notice's fields in its texts; `key` replaces the notice's own, if given."""
    known = {name: _field(name, notice) for name in FIELDS}
    return _filled(template, {**known, "key": key} if key else known)


def _filled(piece: Any, known: Mapping[str, str]) -> Any:
    if isinstance(piece, str):
        return Template(piece).substitute(known)
    if isinstance(piece, Mapping):
        return {key: _filled(value, known) for key, value in piece.items()}
    return [_filled(value, known) for value in piece] if isinstance(piece, list) else piece


def check_template(template: Any) -> None:
    """Raise ValueError for a template that is no JSON, is too large, or names an unknown field."""
    texts = list(_texts(template, MAX_DEPTH))
    if len(texts) > MAX_TEXTS:
        raise ValueError(f"too large: write at most {MAX_TEXTS} texts")
    for one in map(Template, texts):
        # The text is not repeated: by mistake it may hold a secret.
        if not one.is_valid() or set(one.get_identifiers()) - set(FIELDS):
            names = ", ".join(f"${name}" for name in FIELDS)
            raise ValueError(f"names a field that is not known: write one of {names}; for a dollar sign $$")


def _texts(piece: Any, depth: int) -> Iterator[str]:
    """Yield every text of a template but its keys."""
    if depth == 0:
        raise ValueError(f"too deep: write at most {MAX_DEPTH} levels")
    if isinstance(piece, str):
        yield piece
    elif isinstance(piece, Mapping):
        if not all(isinstance(key, str) for key in piece):
            raise ValueError("a key is not text: write keys in quotes")
        for value in piece.values():
            yield from _texts(value, depth - 1)
    elif isinstance(piece, list):
        for value in piece:
            yield from _texts(value, depth - 1)
    elif piece is not None and not (isinstance(piece, int | float) and math.isfinite(piece)):
        raise ValueError("not JSON: write texts, numbers, true, false, null, lists and mappings")


def _field(name: str, notice: Notice) -> str:
    said = FIELDS[name](notice)
    return said if name in VERBATIM else _inert(said)


def _inert(said: str) -> str:
    """Return text without the signs of a chat's mentions and markup: `@here`, `<!channel>`, `[text](address)`."""
    return _MENTION.sub("＠", said.translate(_SIGNS))


def _links(notice: Notice) -> tuple[Link, ...]:
    return () if notice.plain else text.links(notice)


def _joined(lines: Iterable[str]) -> str:
    """Return as many whole lines as a field holds."""
    kept: list[str] = []
    room = MAX_FIELD
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept)
