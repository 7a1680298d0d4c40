"""A YAML text as plain data, with the line of every key, so that each mistake can name its place.

Rule 1: no message repeats a value, or a key that might be one: it may be a secret.
Rule 2: limited: size, depth and number of nodes (aliases are followed, an alias bomb is not), and the mistakes shown.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import MISTAKES_MAX, ConfigurationError, Mistake
from watchdog.domain.texts.secret_shapes import SECRET, is_secret
from watchdog.settings.text.foreign_words import is_template
from watchdog.settings.text.syntax_mistakes import TEMPLATES, syntax_mistake
from watchdog.settings.text.yaml_loader import DEPTH_MAX, NODES_MAX, TOO_MUCH, BoundedLoader, Unusable

SIZE_MAX = 256 * 1024

Path = tuple[str | int, ...]
BEGIN_WITH_HASH = frozenset({"channel", "slack"})
"""Keys whose values are channels of Slack: elsewhere a word behind # is meant as a comment."""
HASH_WITHIN = 40
"""The characters behind a key that are examined."""


@dataclass
class Document:
    """The parsed text: `data`, and the lines (from 1) of its keys and items by path.

    Of the mistakes the first `MISTAKES_MAX` are kept with their words, the others are counted in `more`.
    """

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    reported: set[Path] = field(default_factory=set)
    more: int = 0

    def where(self, path: Sequence[str | int] = ()) -> str:
        """Return `file:line` of the path, or of its nearest ancestor that stands in the file."""
        for length in range(len(path), 0, -1):
            line = self.lines.get(tuple(path[:length]))
            if line is not None:
                return f"{self.name}:{line}"
        return f"{self.name}:1"

    def report(self, path: Sequence[str | int], what: str, instead: str | Callable[[], str] = "") -> None:
        """Record a mistake at that path; `what` is preceded by the path itself.

        `instead` may be a function, where finding the right words takes long: it is called only if they are shown.
        """
        # Also beyond the limit: other checks ask whether a place has a mistake, shown or not.
        self.reported.add(tuple(path))
        if self.is_full:
            self.more += 1
            return
        place = dotted(path)
        hint = instead if isinstance(instead, str) else instead()
        self.add(Mistake(self.where(path), f"{place}: {what}" if place else what, hint))

    @property
    def is_full(self) -> bool:
        """Return whether the maximum of mistakes that are shown has been reached."""
        return len(self.mistakes) >= MISTAKES_MAX

    def add(self, mistake: Mistake) -> None:
        """Record a mistake, once."""
        if mistake in self.mistakes:
            return
        if self.is_full:
            self.more += 1
        else:
            self.mistakes.append(mistake)

    def refusal(self, *others: Mistake, place: str = "") -> ConfigurationError:
        """Return the error with every mistake in the order of the lines, followed by the others.

        `place` is the page of the handbook that explains this file.
        """
        return ConfigurationError((*sorted(self.mistakes, key=_line), *others), self.more, place=place)

    def at(self, path: Sequence[str | int]) -> Any:
        """Return the value at the path, or None."""
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
    """Return a key for a message, or `***` when it is so long or odd that it may be a misplaced value."""
    text = str(key)
    return text if re.fullmatch(r"[\w$. -]{1,40}", text) and not is_secret(text) else "***"


def dotted(path: Sequence[str | int]) -> str:
    """Return `services.web.depends_on[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{show_key(part)}"
    return text.lstrip(".")


def read_text(file: FilePath, name: str, instead: str) -> str:
    """Return the text of a file. Raises ConfigurationError: the file to name instead, or the line that is no text."""
    try:
        with file.open("rb") as opened:
            # One byte beyond the limit, so that the parser can refuse a large file without reading it whole.
            data = opened.read(SIZE_MAX + 1)
        return data.decode("utf-8-sig", errors="replace" if len(data) > SIZE_MAX else "strict")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        mistake = Mistake(f"{name}:{line}", "not UTF-8", "save the file as plain UTF-8 text")
        raise ConfigurationError((mistake,)) from None
    except OSError as error:
        raise ConfigurationError((Mistake(name, f"cannot be read ({type(error).__name__})", instead),)) from None


def parse(
    text: str, name: str, example: str = f"what {command_line('init')} writes", *, foreign: bool = False
) -> Document:
    """Parse a configuration; its mistakes as YAML are in the document's `mistakes`.

    `foreign`: of another tool, where secrets and variables of templates may stand.
    """
    document = Document(name)
    # Before PyYAML, which is slow and copies the text several times.
    if len(text.encode(errors="surrogatepass")) > SIZE_MAX:
        document.add(Mistake(f"{name}:1", f"larger than {SIZE_MAX // 1024} KiB", "split the file"))
        return document
    loader: BoundedLoader | None = None
    try:
        loader = BoundedLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise Unusable("not a mapping of keys to values")
        # Walked before it is constructed: an alias bomb is small as nodes, and huge as data.
        for path, line in _walk(node, document, [0]):
            document.lines.setdefault(path, line)
        document.data = _with_text_keys(loader.construct_document(node))
        if not foreign:
            _report_strays(document, document.data, ())
    except yaml.YAMLError as error:
        document.add(syntax_mistake(error, name, text))
    except Unusable as error:
        document.add(Mistake(f"{name}:{error.line}", str(error), error.instead or f"start from {example}"))
    # A loader holds cycles; without this the text, which may hold a secret, stays in memory.
    finally:
        if loader is not None:
            loader.dispose()
    return document


def _walk(
    node: yaml.Node, document: Document, seen: list[int], path: Path = (), depth: int = 0
) -> Iterator[tuple[Path, int]]:
    """Yield every path with its line; `depth` also counts merged mappings, which add no part to the path."""
    seen[0] += 1
    if seen[0] > NODES_MAX or depth > DEPTH_MAX:
        raise Unusable(TOO_MUCH, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, index), item.start_mark.line + 1
            yield from _walk(item, document, seen, (*path, index), depth + 1)
    elif isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(node, document, seen, path, depth + 1)


def _walk_mapping(
    node: yaml.MappingNode, document: Document, seen: list[int], path: Path, depth: int
) -> Iterator[tuple[Path, int]]:
    known: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        # `<<` merges another mapping into this one, so its keys take this path.
        if key.tag == "tag:yaml.org,2002:merge":
            yield from _walk(value, document, seen, path, depth)
            continue
        if isinstance(key, yaml.MappingNode):  # of {{ name }}
            raise Unusable(TEMPLATES[0], line, TEMPLATES[1])
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            what = f"{dotted(path) or 'top level'}: a key must be text"
            document.add(Mistake(f"{document.name}:{line}", what, "put the key in quotes"))
            continue
        here = (*path, key.value)
        if key.value in known:
            # The later value wins in YAML, so mistakes in it should show the later line.
            document.lines.pop(here, None)
            what = f"{dotted(here)}: written twice (first on line {known[key.value]})"
            document.add(Mistake(f"{document.name}:{line}", what, "keep one of them"))
        known.setdefault(key.value, line)
        yield here, line
        if key.value in BEGIN_WITH_HASH and _is_commented_out(key, value):
            document.report(here, "empty: what follows # is a comment", f'put it in quotes: {key.value}: "#…"')
        yield from _walk(value, document, seen, here, depth)


def _is_commented_out(key: yaml.ScalarNode, value: yaml.Node) -> bool:
    """Return whether a word that begins with # stands where the value should be: YAML takes it for a comment."""
    mark = key.end_mark
    behind = (mark.buffer or "")[mark.pointer : mark.pointer + HASH_WITHIN]
    return value.value == "" and re.match(r"[\"']? *: +#\w", behind) is not None


def _with_text_keys(value: Any) -> Any:
    """Drop keys that are not text: they are reported already."""
    if isinstance(value, dict):
        return {key: _with_text_keys(item) for key, item in value.items() if isinstance(key, str)}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _report_strays(document: Document, value: Any, path: Path) -> None:
    """Refuse credentials, wherever they stand, and variables that no program fills in."""
    if isinstance(value, dict):
        for key, item in value.items():
            _report_strays(document, item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _report_strays(document, item, (*path, index))
    elif isinstance(value, str) and SECRET.search(value):
        document.report(path, "looks like a secret; none belongs in this file", _variable_hint(path))
    elif isinstance(value, str) and is_template(value, path):
        document.report(path, *TEMPLATES)


def _variable_hint(path: Path) -> str:
    where = ".".join(str(part) for part in path)
    hints = {
        "flag_off": "WATCHDOG_FLAG_TOKEN",
        "flag_on": "WATCHDOG_FLAG_TOKEN",
        "remedies": "WATCHDOG_REMEDY_TOKEN",
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


def _line(mistake: Mistake) -> int:
    line = mistake.where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0
