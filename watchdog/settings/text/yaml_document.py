"""A YAML text as plain data, with the line of every key: so that each mistake can say where it is.

Rule 1: no message repeats a value, or a key that might be one: it may be a secret.
Rule 2: bounded: size, depth and number of nodes (aliases are followed, an alias bomb is not).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from watchdog.domain.errors import Mistake

SIZE_MAX = 256 * 1024
DEPTH_MAX = 20
NODES_MAX = 20_000

Path = tuple[str | int, ...]

SECRET = re.compile(
    r"hooks\.slack\.com/|\bxox[abceoprs]-|\bxapp-|\brnd_\w|\bsntry[usa]_|://[^/\s@]*:[^/\s@]+@|hc-ping\.com/\w|\bsk-\w{8}"
    r"|ingest\.\w*\.?sentry\.io|\bBearer\s|\bgh[pousr]_\w"
)
"""What the vendors' credentials look like."""


class _Refused(Exception):
    """The document is no use beyond this point."""


@dataclass
class Document:
    """The parsed text: `data`, and the lines (from 1) of its keys and items by path."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    reported: set[Path] = field(default_factory=set)

    def where(self, path: Sequence[str | int] = ()) -> str:
        """Return `file:line` of the path, or of its nearest ancestor that stands in the file."""
        for length in range(len(path), 0, -1):
            line = self.lines.get(tuple(path[:length]))
            if line is not None:
                return f"{self.name}:{line}"
        return f"{self.name}:1"

    def report(self, path: Sequence[str | int], what: str, instead: str = "") -> None:
        """Remember a mistake at that path; `what` is preceded by the path itself."""
        place = dotted(path)
        mistake = Mistake(self.where(path), f"{place}: {what}" if place else what, instead)
        self.reported.add(tuple(path))
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def at(self, path: Sequence[str | int]) -> Any:
        """Return what stands at the path, or None."""
        value: Any = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def keys(self, *path: str) -> tuple[str, ...]:
        """Return the keys of the mapping at the path; none if there is no mapping."""
        value = self.at(path)
        return tuple(value) if isinstance(value, dict) else ()


def show_key(key: object) -> str:
    """Return a key for a message, or `***` when it is so long or odd that it may be a value gone astray."""
    text = str(key)
    return text if re.fullmatch(r"[\w$. -]{1,40}", text) and not SECRET.search(text) else "***"


def dotted(path: Sequence[str | int]) -> str:
    """Return `services.web.depends_on[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{show_key(part)}"
    return text.lstrip(".")


def parse(text: str, name: str, example: str = "config/minimal.yaml") -> Document:
    """Parse a configuration; what is wrong with it as YAML is in the document's `mistakes`."""
    document = Document(name)
    if len(text.encode()) > SIZE_MAX:
        document.mistakes.append(Mistake(f"{name}:1", f"larger than {SIZE_MAX // 1024} KiB", "split what is not ours"))
        return document
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise _Refused("not a mapping of keys to values")
        for path, line in _walk(node, document, [0]):
            document.lines.setdefault(path, line)
        document.data = _with_text_keys(loader.construct_document(node))
        _report_secrets(document, document.data, ())
    except yaml.YAMLError as error:
        document.mistakes.append(_syntax_mistake(error, name))
    except _Refused as error:
        document.mistakes.append(Mistake(f"{name}:1", str(error), f"start from {example}"))
    finally:
        if loader is not None:
            loader.dispose()
    return document


def _walk(node: yaml.Node, document: Document, seen: list[int], path: Path = ()) -> Iterator[tuple[Path, int]]:
    seen[0] += 1
    if seen[0] > NODES_MAX or len(path) > DEPTH_MAX:
        raise _Refused("nested too deeply, or too many values (an alias within itself?)")
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, index), item.start_mark.line + 1
            yield from _walk(item, document, seen, (*path, index))
    elif isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(node, document, seen, path)


def _walk_mapping(
    node: yaml.MappingNode, document: Document, seen: list[int], path: Path
) -> Iterator[tuple[Path, int]]:
    known: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.tag == "tag:yaml.org,2002:merge":
            yield from _walk(value, document, seen, path)
            continue
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            mistake = Mistake(f"{document.name}:{line}", f"{dotted(path) or 'top level'}: a key must be text")
            document.mistakes.append(Mistake(mistake.where, mistake.what, "put the key in quotes"))
            continue
        here = (*path, key.value)
        if key.value in known:
            document.lines.pop(here, None)
            what = f"{dotted(here)}: written twice (first on line {known[key.value]})"
            document.mistakes.append(Mistake(f"{document.name}:{line}", what, "keep one of them"))
        known.setdefault(key.value, line)
        yield here, line
        yield from _walk(value, document, seen, here)


def _with_text_keys(value: Any) -> Any:
    """Drop keys that are no text: they are reported already."""
    if isinstance(value, dict):
        return {key: _with_text_keys(item) for key, item in value.items() if isinstance(key, str)}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _report_secrets(document: Document, value: Any, path: Path) -> None:
    """Refuse what looks like a credential, wherever it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            _report_secrets(document, item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _report_secrets(document, item, (*path, index))
    elif isinstance(value, str) and SECRET.search(value):
        document.report(path, "looks like a secret; none belongs in this file", _variable_hint(path))


def _variable_hint(path: Path) -> str:
    where = ".".join(str(part) for part in path)
    hints = {
        "slack": "WATCHDOG_SLACK_WEBHOOK_URL (or WATCHDOG_SLACK_BOT_TOKEN)",
        "pagerduty": "WATCHDOG_PAGERDUTY_ROUTING_KEY",
        "email": "WATCHDOG_SMTP_PASSWORD",
        "webhook": "WATCHDOG_WEBHOOK_URL (or WATCHDOG_WEBHOOK_TOKEN)",
        "sentry": "WATCHDOG_SENTRY_TOKEN",
        "remote_write": "WATCHDOG_REMOTE_WRITE_PASSWORD (or _TOKEN)",
        "heartbeat": "WATCHDOG_HEARTBEAT_URL",
        "render": "WATCHDOG_RENDER_API_KEY",
        "store": "WATCHDOG_STORE_URL (and write store: postgresql)",
    }
    variable = next((hint for word, hint in hints.items() if word in where), "its WATCHDOG_* variable")
    return f"remove it here, replace it at its vendor if this file was shared, and set {variable}"


def _syntax_mistake(error: yaml.YAMLError, name: str) -> Mistake:
    """Say what is wrong without the snippet PyYAML shows, and without any quoted text of the file."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = re.sub(r"'(?!<)[^']{2,}'", "'…'", getattr(error, "problem", None) or "unreadable characters")
    problem = re.sub(r"\"[^\"]{2,}\"", '"…"', problem)
    where = f"{name}:{mark.line + 1}" if mark else f"{name}:1"
    return Mistake(where, f"not valid YAML: {problem}", "check indentation, colons and quotes on this line or above")
