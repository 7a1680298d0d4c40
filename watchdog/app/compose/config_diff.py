"""The differences between two configurations, value by value: the policy, and the reading of each signal and page.

Rule: texts that a person wrote are not shown: they may hold a key.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from watchdog.settings import Settings
from watchdog.settings.text.redacted_view import parts

IN_POLICY = frozenset(
    ("every", "timeout", "severity", "critical", "p50", "p95", "p99", "times_baseline", "window", "limit")
)
"""Options of signals that the policy holds as well; they are compared there."""

ABSENT = object()
Change = tuple[str, Any, Any]
"""Path, value before, value now; ABSENT if there is none."""
_Leaf = tuple[tuple[str, str], Any]
"""Pattern and path, value."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that a person wrote: it may hold a key, so logs and pages only say that it changed."""

    written: Any
    word: str = "written"


def differences(old: Settings, new: Settings) -> Iterator[tuple[str, Change]]:
    """Yield the pattern (`*`: any name) of each difference, and the difference.

    A new or removed service or signal is one difference; its dependencies are listed nevertheless.
    """
    before, after = dict(judged(old)), dict(judged(new))
    was, now = ({path for _, path in leaves} for leaves in (before, after))
    for (pattern, path), value in before.items():
        other = after.get((pattern, path), ABSENT)
        if other != value and not (other is ABSENT and _goes_without_saying(path, was, now)):
            yield pattern, (path, value, other)
    for (pattern, path), value in after.items():
        if (pattern, path) not in before and not _goes_without_saying(path, now, was):
            yield pattern, (path, ABSENT, value)


def _goes_without_saying(path: str, here: Set[str], there: Set[str]) -> bool:
    """Return whether a path belongs to a service or signal that exists here and not there."""
    parts = path.split(".")
    # A service has its name at `services.NAME.name`, a signal at `services.NAME.signals.SIGNAL.name`.
    names = [".".join((*parts[:depth], "name")) for depth in (2, 4)]
    whole = any(name != path and name in here and name not in there for name in names)
    # Dependencies of a new service are no detail of it: they change which failures of others count together.
    return whole and parts[0] == "services" and parts[2] != "depends_on"


def judged(settings: Settings) -> Iterator[_Leaf]:
    """Yield the values to compare, with pattern and path: the policy, and what it does not hold: the reading of each
    signal and each page, the requests of each remedy.
    """
    yield from _leaves(settings.policy)
    for name, service in settings.services.items():
        for signal, adapter in service.signals.items():
            for key, value in parts(adapter.options):
                if key not in IN_POLICY:
                    yield (f"services.*.signals.*.{key}", f"services.{name}.signals.{signal}.{key}"), _shown(value)
        for remedy in service.remedies:
            # The rest of its options is in the policy: its name, and its time.
            for key in ("request", "look"):
                path = f"services.{name}.remedies.{remedy.name}.{key}"
                yield (f"services.*.remedies.*.{key}", path), _shown(getattr(remedy, key, None))
    for name, url in settings.vendors.items():
        if name not in settings.dependencies:
            yield ("vendor_status.*", f"vendor_status.{name}"), _Text(url)
    for name, dependency in settings.dependencies.items():
        for way in ("render", "vendor_status"):
            yield (f"dependencies.*.{way}", f"dependencies.{name}.{way}"), _shown(getattr(dependency, way))


def _shown(value: Any) -> Any:
    # A number cannot hold a key; a text that a person wrote may.
    return value if value is None or isinstance(value, (int, float)) else _Text(value)


def _leaves(value: Any, pattern: str = "", path: str = "") -> Iterator[_Leaf]:
    """Yield every figure and word of a policy with its pattern and its path; items of a list are identified by name.

    An address is shown without its query, which may hold a key.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, _Text):
        inner = [(name, name, each) for name, each in parts(value)]
    elif isinstance(value, Mapping):
        inner = [("*", str(key), each) for key, each in value.items()]
    elif isinstance(value, tuple):
        inner = [_listed(each) for each in value]
    else:
        yield (pattern, path), value
        return
    for name, key, each in inner:
        yield from _leaves(each, f"{pattern}.{name}".lstrip("."), f"{path}.{key}".lstrip("."))


def _listed(item: Any) -> tuple[str, str, Any]:
    name = getattr(item, "name", None)
    # By name, not by place: an entry inserted in front would otherwise change all entries behind it.
    return ("*", str(item).partition("?")[0], _Text(item, "listed")) if name is None else ("*", name, item)


def line(change: Change) -> str:
    """Return a difference in words."""
    path, was, now = change
    if isinstance(was, _Text) and isinstance(now, _Text):
        return f"{path}: changed"
    return f"{path}: {_word(was)} -> {_word(now)}"


def _word(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    if isinstance(value, _Text):
        return value.word
    return f"{value:g}" if isinstance(value, float) else str(value)
