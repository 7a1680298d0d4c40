"""The configuration: every key of the shapes, with the meaning that `config/watchdog.yaml` writes beside it.

A value that stands there without the word `example` or `default` is the default; a test of that file says so.
"""

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tests.handbook.reference.markdown import code, first_upper, page, table
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.signals import SIGNALS
from watchdog.domain.policy import Action, Then
from watchdog.domain.severity import Severity
from watchdog.settings.rules.severity_policy import ALLOWED, ASKS
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.yaml_document import parse

FILE = Path(__file__).parents[3] / "config" / "watchdog.yaml"
COMMENTS_FROM = 28
"""A comment line that begins so far to the right goes on with the line above it; any other is about the next line."""
ABOUT = """\
The configuration is one YAML file. Unknown keys are mistakes; `watchdog check` reports all mistakes at once, each with
its line. The same keys in one file, ready to be read from top to bottom: `config/watchdog.yaml` in the repository.

A **duration** carries its unit (`500ms`, `30s`, `5m`, `2h`, `1h30m`, `14d`), a **size** too (`64KiB`, `1MiB`); a
**rate** is `20/min`. In a key, `*` stands for a name of your own, or for one item of a list."""
WORDS: Mapping[str, str] = {
    "parse_duration": "duration",
    "parse_size": "size",
    "parse_rate": "rate",
    "parse_statuses": "status, class (`2xx`) or a list of them",
    "objective": "share of the time, as in `99.9%`",
    "moment": "moment with its zone",
    "weekly": "weekly window",
    "turn": "moment with its zone",
    "week_moment": "moment of the week",
    "hours": "`always`, or a weekly window",
    "listen": '`host:port`, or `""`',
    "zone_named": "time zone",
    "named_pages": "list of known names, or mapping of name to URL",
    "all_or_some": "`all`, or a list of services",
    "one_or_more": "one address, or a list",
    "network": "address or network",
    "check_url": "URL",
    "check_body": "text, or a mapping",
    "call_url": "URL",
    "json_path": "JSON path",
    "prove": "duration",
    "check_flag": "name",
    "call": "name",
    "http_url": "URL",
    "any_http_url": "URL",
    "base_url": "URL",
    "store": "`sqlite:///FILE`, or `postgresql`",
}
"""What is written where one of these functions reads or checks it."""
SEEN: set[str] = set()
"""Which of these functions were met: a name that is met nowhere was renamed."""
LIKE: Mapping[str, str] = {"silences": "action_holds", "action_holds": "silences"}
"""A section whose keys are explained at another one."""
ALONE: Mapping[str, str] = {
    "rotations.*.of": "contacts, in their order",
    "rotations.*.from": "when the first of them begins",
    "escalation.*.tell": "a contact, a rotation or a channel",
    "escalation.*.after": "default 5m; so long after the page, or after the step before",
    "policy.medium.then": "default: `escalate`; without an answer within that: escalate (page again), or nothing",
    "policy.low.within": "default: none; with do: tell or ticket, target until a person has looked",
    "policy.low.tell": "default: none; who is notified. Where it is left out with do: tell, all channels except "
    "pagerduty and tickets; with do: ticket, all except pagerduty",
}
"""Keys that share their line with others in the reference, or whose row there has no line of them."""
ASKED = frozenset({"remind", "then", "approver"})
"""Keys of a severity at which a question may be asked."""
PLAIN: Mapping[Any, str] = {str: "text", bool: "`true` or `false`", int: "whole number", float: "number"}
CHANNELS, SIGNAL = ("channels",), ("services", "*", "signals", "*")


def text() -> str:
    reference = Reference(FILE.read_text(encoding="utf-8"))
    top = [row(reference, (name,), info) for name, info in keys(Shape) if not inner(info.annotation)]
    parts = ["## The file", rows(top)]
    for name, info in keys(Shape):
        model = inner(info.annotation)
        if model is not None:
            parts += [f"## {name}", reference.about((name,)).intro]
            found = walk(model, below((name,), info.annotation))
            parts += [rows([row(reference, path, one) for path, one in found if not refused(path)])]
        if name == "services":
            parts += list(_signals(reference))
        if name == "channels":
            parts += ["## channels", reference.about(CHANNELS).intro, *_channels(reference)]
    return page("Reference: configuration", ABOUT, "config/watchdog.yaml and the settings", *filter(None, parts))


def _signals(reference: "Reference") -> Iterator[str]:
    yield "### services.\\*.signals"
    yield "What is looked at, by a name of your own. The first key of a signal is its kind; a kind takes these keys:"
    for kind, signal in SIGNALS.items():
        yield f"#### {kind}"
        yield rows([row(reference, (*SIGNAL, name), info, kind) for name, info in keys(signal.options)])


def _channels(reference: "Reference") -> Iterator[str]:
    for name, notifier in NOTIFIERS.items():
        yield f"### channels.{name}"
        yield reference.about((*CHANNELS, name)).intro
        found = [row(reference, path, one) for path, one in walk(notifier.options, (*CHANNELS, name))]
        yield rows(found) if found else f"Takes no keys: `{name}: {{}}`."


def refused(path: tuple[str, ...]) -> bool:
    """Return whether `check` refuses this key of a severity, whatever its value."""
    if path[0] != "policy":
        return False
    allowed = ALLOWED[Severity(path[1])]
    if path[-1] == "window":
        return Action.SCHEDULE not in allowed
    return path[-1] in ASKED and set(allowed).isdisjoint(ASKS)


def choices(path: tuple[str, ...]) -> str:
    """Return the values that `check` takes at this key of a severity; empty: all of the type."""
    if path[0] != "policy" or path[-1] not in ("do", "then"):
        return ""
    allowed = ALLOWED[Severity(path[1])]
    # Without a person only a severity that may do so at once is rolled back.
    thens = [one for one in Then if one is not Then.ROLLBACK or Action.ROLLBACK in allowed]
    return ", ".join(code(one.value) for one in (allowed if path[-1] == "do" else thens))


def rows(found: Sequence[Sequence[str]]) -> str:
    return table(("Key", "Type", "Default", "Meaning"), found)


def row(reference: "Reference", path: tuple[str, ...], info: FieldInfo, kind: str = "") -> tuple[str, str, str, str]:
    """Return what the page says of one key."""
    told = reference.about(path, kind)
    default = told.default or (code(told.value) if told.value and not told.example else "")
    if info.is_required():
        default = "required"
    shown = ".".join(path[path.index("*", 2) + 2 :] or path[-1:]) if kind else ".".join(path)
    written = choices(path) or words(info.annotation, info.metadata)
    return code(shown), written, default or plain_default(info), with_values(told.meaning, written)


def with_values(meaning: str, written: str) -> str:
    """Return the meaning; the values of its key that it begins with stand as they are written, not capitalised."""
    value = "|".join(map(re.escape, re.findall(r"`(\w+)`", written))) or "(?!)"
    first = re.match(rf"(?:{value})\b(?:(?:, | or )(?:{value})\b)*", meaning)
    if first is None:
        return first_upper(meaning)
    return re.sub(rf"\b({value})\b", r"`\1`", first[0]) + meaning[first.end() :]


def plain_default(info: FieldInfo) -> str:
    """Return the default of a field as YAML would say it."""
    value = info.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel):
        return "none"
    if isinstance(value, bool):
        return code(str(value).lower())
    return (
        code(str(value)) if isinstance(value, (str, int, float)) else code("{}" if isinstance(value, Mapping) else "[]")
    )


def keys(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the keys of a model as they are written."""
    for name, info in model.model_fields.items():
        yield info.alias or name, info


def walk(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Yield every key below a place, with its path; a section's own keys follow it."""
    for name, info in keys(model):
        yield (*path, name), info
        part = inner(info.annotation)
        if part is not None:
            yield from walk(part, below((*path, name), info.annotation))


def bare(annotation: Any) -> Any:
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    return annotation


def inner(annotation: Any) -> type[BaseModel] | None:
    """Return the section that stands under a key: itself, or each of its items."""
    found = bare(annotation)
    if get_origin(found) in (dict, tuple):
        found = bare([one for one in get_args(found) if one is not ...][-1])
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def below(path: tuple[str, ...], annotation: Any) -> tuple[str, ...]:
    return (*path, "*") if get_origin(bare(annotation)) in (dict, tuple) else path


def words(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    names = [getattr(getattr(one, "func", None), "__name__", "").lstrip("_") for one in metadata]
    named = [name for name in names if name in WORDS]
    SEEN.update(named)
    if named:
        return WORDS[named[0]]
    if origin is Annotated:
        return words(parts[0], parts[1:])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(words(one) for one in parts if one is not type(None)))
    if origin is Literal:
        return ", ".join(code(str(one)) for one in parts)
    if origin in (list, tuple):
        return "list of sections" if inner(annotation) else f"list: {words(parts[0])}"
    if origin in (dict, Mapping):
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(code(str(one.value)) for one in annotation)
    return PLAIN.get(annotation, "section" if inner(annotation) else "text")


class Told:
    """What the reference says of one key: its value, and the comment beside it."""

    def __init__(self, value: str, comment: str) -> None:
        self.value = value
        self.example = comment.startswith("example")
        rest = re.sub(r"^example\b[;:,. ]*", "", comment)
        found = re.match(r"default:? (?P<default>(?:[^;.:]|\.\w)+)[;.:]? *", rest)
        default = found["default"].strip() if found else ""
        self.default = code(default) if re.match(r"[\[{\d]", default) else default
        self.meaning = rest[found.end() :] if found else rest

    @property
    def intro(self) -> str:
        """Return it as the paragraph that begins a section."""
        default = f"Default: {self.default}. " if self.default else ""
        return f"{default}{first_upper(self.meaning)}"


class Reference:
    """`config/watchdog.yaml`: each key with its value and its comment."""

    def __init__(self, written: str) -> None:
        self._lines = written.splitlines()
        self._document = parse(written, FILE.name)

    def about(self, path: tuple[str, ...], kind: str = "") -> Told:
        """Return what it says of a key: of that place, else of the same key in a like place."""
        if ".".join(path) in ALONE:
            return Told("", ALONE[".".join(path)])
        # Below a section, `*` stands for its other names; but `channels.slack` is not like `endpoints.slack`.
        alike = (*path[:-2], "*", path[-1]) if len(path) > 2 else path
        for wanted in (path, alike, (LIKE.get(path[0], path[0]), *path[1:])):
            for of_kind in (True, False):
                found = self._first(wanted, kind if of_kind else "")
                if found is not None:
                    return found
        return Told("", "")

    def _first(self, wanted: tuple[str, ...], kind: str) -> Told | None:
        for path, line in self._document.lines.items():
            if len(path) != len(wanted) or not all(
                want in ("*", part) for want, part in zip(wanted, path, strict=True)
            ):
                continue
            if kind and kind not in (self._document.at(path[:-1]) or {}):
                continue
            told = self._at(line - 1, str(path[-1]))
            if told is not None:
                return told
        return None

    def _at(self, number: int, key: str) -> Told | None:
        """Return what a line says of a key; None if it says nothing."""
        line = self._lines[number]
        written, _, comment = line.partition(" # ") if " # " in line else (line, "", "")
        if not re.match(rf" *(- )?{re.escape(key)}:", written):
            return None  # several keys on one line: their comment is about all of them
        more = list(self._continued(number))
        before = [] if comment or more else self._above(number)
        said = " ".join([*before, *([comment.strip()] if comment else []), *more])
        if not before and (above := self._above(number)):
            said = f"{said}; {' '.join(above)}" if said.startswith("default") else said
        value = written.partition(":")[2].strip().replace("null", "")
        return Told(value, said) if said else None

    def _continued(self, number: int) -> Iterator[str]:
        for line in self._lines[number + 1 :]:
            if not re.match(rf" {{{COMMENTS_FROM},}}#", line):
                return
            yield line.strip().removeprefix("#").strip()

    def _above(self, number: int) -> list[str]:
        found: list[str] = []
        while number > 0 and re.match(rf" {{1,{COMMENTS_FROM - 1}}}# ", self._lines[number - 1]):
            number -= 1
            found.insert(0, self._lines[number].strip().removeprefix("# "))
        return found
