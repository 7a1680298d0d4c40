"""No decision depends on a text: the stories, with every text for people replaced by noise, go as they went."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import watchdog.domain
from tests.core.world import make_policy
from tests.support.drawn import drawn
from tests.support.storyteller import Stage, perform
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.events import Event
from watchdog.domain.notices import Link, Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import prose_fields, without_texts

ROOT = Path(__file__).parents[2]
STORIES = {path.stem: path for path in (Path(__file__).parents[1] / "stories").glob("*.txt")}


OFTEN = frozenset(
    {"asked_and_rejected", "kept_for_a_window", "maintenance_mode_hides_no_outage", "merges_do_not_ship"}
    | {"rollback_is_refused", "wrong_rollback_is_undone", "upstream_outage_is_paged", "no_help_is_left_to_a_human"}
)


class Noise:
    """Replaces every text that is for people by one that was never seen before; an empty one stays empty."""

    def __init__(self) -> None:
        self._number = count()
        self._done: dict[int, tuple[Any, Any]] = {}

    def reworded(self, value: Any) -> Any:
        """Return a value of the domain with such texts. What was reworded before is not walked again."""
        if isinstance(value, tuple):
            return tuple(self.reworded(one) for one in value)
        if isinstance(value, Mapping):
            return {key: self.reworded(one) for key, one in value.items()}
        prose = texts_of(type(value))
        if not prose:
            return value
        if id(value) not in self._done:
            changes = {
                name: self._noise(getattr(value, name)) if alone else self.reworded(getattr(value, name))
                for name, alone in prose.items()
            }
            new = replace(value, **changes)
            self._done[id(value)] = self._done[id(new)] = (value, new)
        return self._done[id(value)][1]

    def _noise(self, text: str | tuple[str, ...]) -> Any:
        if isinstance(text, tuple):
            return tuple(self._noise(one) for one in text)
        return f"<{next(self._number)}>" if text else text


@cache
def texts_of(kind: type) -> Mapping[str, bool]:
    """Return the fields of a class that are texts for people (True) or hold such (False)."""
    if not is_dataclass(kind):
        return {}
    prose = prose_fields(kind)
    return {name: name in prose for name, hint in get_type_hints(kind).items() if name in prose or holds_texts(hint)}


def holds_texts(hint: Any) -> bool:
    """Tell whether values of a type may hold texts for people."""
    return bool(isinstance(hint, type) and texts_of(hint)) or any(holds_texts(one) for one in get_args(hint))


class Recited(Stage):
    """A stage that keeps what the core wants done, text or no text."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.wanted: list[tuple[float, str, Any]] = []

    def _perform(self, effect: Effect) -> None:
        phase = self.state.services["web"].phase
        self.wanted.append((self.time, phase.value, without_texts(effect, emptiness=True)))
        super()._perform(effect)


class Reworded(Recited):
    """The same, where after each step every text that the core wrote is replaced."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.noise = Noise()

    def tell(self, event: Event) -> None:
        """Hand an event to the core, in words that mean nothing."""
        self.state = self.noise.reworded(self.state)
        super().tell(self.noise.reworded(event))


@pytest.mark.no_cover  # each step is covered by a test of its own
@pytest.mark.parametrize("name", sorted(OFTEN))
def test_a_story_goes_as_it_went_whatever_the_words(name: str) -> None:
    """The same phases, effects, timers and labels at the same moments; the same incidents; the same texts empty."""
    assert_goes_as_it_went(STORIES[name])


@pytest.mark.no_cover
@pytest.mark.long
@pytest.mark.parametrize("name", drawn(sorted(set(STORIES) - OFTEN), 3))
def test_every_other_story_goes_as_it_went_too(name: str) -> None:
    assert_goes_as_it_went(STORIES[name])


def assert_goes_as_it_went(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    stages = [kind(make_policy(), []) for kind in (Recited, Reworded)]
    for stage in stages:
        perform(text, stage)
    written, reworded = stages
    assert written.wanted and written.wanted == reworded.wanted
    assert without_texts(tuple(written.incidents.values()), emptiness=True) == without_texts(
        tuple(reworded.incidents.values()), emptiness=True
    )
    assert without_texts(written.state, emptiness=True) == without_texts(reworded.state, emptiness=True)


def test_a_value_is_compared_without_its_texts_or_with_whether_they_are_empty() -> None:
    """Alone and in a tuple, at any depth; what is no text is compared as it is, and a default is left out."""
    note = Note(1.0, "web", "web-1", "NOTIFIED", "pager: web is down", ("pager",))
    notice = Notice(1.0, "web-1", "web", Severity.HIGH, NoticeKind.TEST, "a title", ("a line",), (Link("site", "/"),))
    known = {"is": "Note", "at": 1.0, "service": "web", "incident": "web-1", "label": "NOTIFIED", "about": ["pager"]}
    assert without_texts(note) == known == without_texts(note, emptiness=True)
    assert without_texts(replace(note, text="")) == known
    assert without_texts(replace(note, text=""), emptiness=True) == {**known, "text": False}
    tell = Tell(notice, ("pager",))
    bare = replace(notice, title="", lines=(), links=(Link("", "/"),))
    again = replace(notice, title="other words", lines=("of", "two lines"), links=(Link("page", "/"),))
    emptied, reworded = replace(tell, notice=bare), replace(tell, notice=again)
    assert without_texts(tell) == without_texts(emptied) == without_texts(reworded)
    assert without_texts(tell, emptiness=True) == without_texts(reworded, emptiness=True)
    assert without_texts(tell, emptiness=True) != without_texts(emptied, emptiness=True)
    assert without_texts(tell) != without_texts(replace(tell, notice=replace(notice, links=(Link("site", "/x"),))))
    assert without_texts({"web": note}) == {"web": known}


READS = frozenset(
    {"startswith", "endswith", "partition", "rpartition", "split", "rsplit", "splitlines", "find", "index", "count"}
    | {"removeprefix", "removesuffix", "lower", "upper", "casefold", "replace", "strip"}
)
"""Methods of a text by which code would learn what it says."""
DOMAIN = [
    importlib.import_module(f"watchdog.domain.{one.name}") for one in pkgutil.iter_modules(watchdog.domain.__path__)
]
TEXTS = frozenset(
    name
    for module in DOMAIN
    for kind in vars(module).values()
    if is_dataclass(kind) and isinstance(kind, type)
    for name in prose_fields(kind)
)
"""The names of all fields that hold texts for people."""
DECIDES = ("core", "daemon", "adapters/stores", "presentation", "console", "replay")
STORED = Path("watchdog/adapters/stores/stored_prose.py")
"""Reads what earlier versions stored as prose."""
TRIMMED = (Path("watchdog/presentation/explain.py"), Path("watchdog/presentation/checklists.py"))
"""Leave the title out of a line that they show, `slack (page): …`; nothing is decided by it."""
AMBIGUOUS = {"what", "reason"}
"""Other classes use these names for an enum or an identifier."""


def readings_of_prose(source: str) -> Iterator[int]:
    """Return the lines of a module in which what a text says would decide something."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=text, attr=method)) if method in READS and is_text(text):
                yield node.lineno
            case ast.Compare(left=left, ops=ops, comparators=rest):
                sides = [left, *rest]
                for op, one, other in zip(ops, sides, rest, strict=False):
                    if isinstance(op, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)) and compares_text(one, other):
                        yield node.lineno
            case ast.Match(subject=subject) if is_text(subject):
                yield node.lineno


def is_text(node: ast.expr) -> bool:
    """Tell whether an expression is a field that holds a text for people, also after a method that trims it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READS:
        return is_text(node.func.value)
    return isinstance(node, ast.Attribute) and node.attr in TEXTS - AMBIGUOUS


def compares_text(one: ast.expr, other: ast.expr) -> bool:
    """Tell whether a text is compared with something else than emptiness, or than the same field of another value."""
    same = isinstance(one, ast.Attribute) and isinstance(other, ast.Attribute) and one.attr == other.attr
    empty = any(isinstance(side, ast.Constant) and side.value == "" for side in (one, other))
    return (is_text(one) or is_text(other)) and not same and not empty


def test_nothing_that_decides_reads_a_text() -> None:
    """Core, shell, stores, pages: what they need stands beside the text."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for room in DECIDES
        for path in sorted((ROOT / "watchdog" / room).rglob("*.py"))
        if path.relative_to(ROOT) not in (STORED, *TRIMMED)
        for line in readings_of_prose(path.read_text(encoding="utf-8"))
    ]
    assert not found, found


@pytest.mark.parametrize(
    ("planted", "lines"),
    [
        ('if one.why.startswith("it is suspended"): ...', [1]),
        ('if "unknown" in incident.rollback.verification.lower(): ...', [1]),
        ('if row.note == "accepted without an id": ...', [1]),
        ('first, _, rest = note.text.partition(" (")', [1]),
        ('match incident.human_needed:\n    case "rejected": ...', [1]),
        ('if one.why != "": ...', []),
        ("if before.disarmed != after.disarmed: ...", []),
        ("show(one.why)", []),
    ],
)
def test_the_rule_sees_what_it_forbids_and_leaves_alone_what_shows_a_text(planted: str, lines: list[int]) -> None:
    """Each of the first decided something once; whether there is a text, and whether it changed, may be asked."""
    assert sorted(set(readings_of_prose(planted))) == lines
