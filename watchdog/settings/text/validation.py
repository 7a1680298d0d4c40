"""pydantic's errors, all of them, as Mistakes with a line and the form to write instead.

Rule 1: one wrong place hides no other: it is cut out and the rest is validated again, until no error is left.
Rule 2: pydantic's own texts are not shown: they speak of Python, and may repeat the value.
"""

import copy
import difflib
import types
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from watchdog.domain.texts.secret_shapes import names_secret
from watchdog.settings.schema.schema import LATER, LATER_ACTIONS
from watchdog.settings.text.foreign_words import CRON, instead_of_key, instead_of_mapping, is_cron
from watchdog.settings.text.yaml_document import Document, Path, show_key

ROUNDS_MAX = 200
HIDDEN = "remove it; if it is a secret, replace it at its vendor and set its WATCHDOG_* variable"
_WANTED = {
    "string": "text (put it in quotes)",
    "path": "text (put it in quotes)",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list, as in [one, two]",
    "tuple": "a list, as in [one, two]",
}
_BOUNDS = {
    "greater_than": ("too small", "more than {gt}"),
    "greater_than_equal": ("too small", "{ge} or more"),
    "less_than": ("too large", "less than {lt}"),
    "less_than_equal": ("too large", "{le} or less"),
    "too_short": ("empty", "at least {min_length}"),
    "too_long": ("too many", "at most {max_length}"),
    "string_too_short": ("empty", "at least {min_length} letter"),
    "string_too_long": ("too long", "at most {max_length} letters"),
}

M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], data: Mapping[str, Any], document: Document, prefix: Path = ()) -> M | None:
    """Return the model of the valid part of the data, and report the rest; None if too little is valid."""
    rest: dict[str, Any] = copy.deepcopy(dict(data))
    cut: set[Path] = set()
    # Each round cuts at least one place out, so the limit only guards against a mistake of this loop.
    for _ in range(ROUNDS_MAX):
        try:
            return model.model_validate(rest)
        except ValidationError as error:
            problems = error.errors(include_url=False)
        places: set[Path] = set()
        # pydantic reports every branch of a union; the most specific error of a place should be the one shown.
        for problem in sorted(problems, key=_own_words_first):
            path = _path_in(rest, problem["loc"])
            if path in places and problem["type"] != "missing":
                continue  # the other branch of a union
            # A key that an earlier round cut out is missing now, which is no mistake of the user's.
            if not (problem["type"] == "missing" and path in cut):
                _report(problem, model, document, prefix, path)
            places.add(path[:-1] if problem["type"] == "missing" else path)
        if () in places or not _cut_all(rest, places):
            return None
        cut.update(places)
    return None


def _own_words_first(problem: ErrorDetails) -> bool:
    return problem["type"] not in ("value_error", "extra_forbidden")


def nearest(name: object, known: Iterable[str]) -> str:
    """Return the known name that looks most like it, or an empty text."""
    known = list(known)
    # The file's keys carry no unit, but the code and the logs do: `run_seconds` is a likely slip for `run`.
    without_unit = str(name).removesuffix("_seconds").removesuffix("_minutes")
    if without_unit in known:
        return without_unit
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
    return close[0] if close else ""


def choose(name: object, known: Iterable[str]) -> str:
    """Return `did you mean X?`, or the whole list when none is near."""
    # Known names may come from the file as well; one that looks like a secret is not repeated.
    known = sorted(name for name in known if show_key(name) == name)
    near = nearest(name, known)
    return f"did you mean {near}?" if near else f"write one of: {', '.join(known)}" if known else "remove it"


def report_unknown_key(document: Document, path: Sequence[str | int], known: Iterable[str], what: str = "key") -> None:
    """Report an unknown key: as one of a later version, a secret out of place, or a slip for the nearest known key."""
    key = str(path[-1])
    # Reported already, by the YAML pass or by another branch of a union.
    if tuple(path) in document.reported:
        return
    if key in LATER:
        document.report(path, "not available in this version", LATER[key])
    elif names_secret(key) or "webhook_url" in key.lower():
        document.report(path, "secrets are not written here", partial(_secret_hint, path))
    elif show_key(key) != key:
        document.report(path, f"unknown {what}, hidden as it may be a secret", HIDDEN)
    else:
        foreign = instead_of_key(path, key)
        document.report(path, f"unknown {what}", foreign or partial(choose, key, known))


def _secret_hint(path: Sequence[str | int]) -> str:
    from watchdog.settings.load.secrets import KNOWN, PREFIX

    words = [str(part).upper() for part in path if not isinstance(part, int)]
    guesses = (PREFIX + "_".join(words[start:]) for start in range(len(words)))
    near = next((hit for guess in guesses if (hit := nearest(guess, KNOWN))), "its WATCHDOG_* variable")
    return f"remove it here and set the variable {near}"


def _path_in(data: Any, loc: Sequence[str | int]) -> Path:
    """Return the part of pydantic's location that stands in the data (plus the key that is missing)."""
    path: list[str | int] = []
    value = data
    for part in loc:
        path.append(part)
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            # pydantic also names types and union branches in a location; those are no keys of the file.
            if part == "[key]" or not isinstance(value, dict):
                path.pop()
            break
    return tuple(path)


def _cut_all(data: dict[str, Any], places: Set[Path]) -> bool:
    """Remove the places, last list items first; return whether any was removed."""
    done = False
    # From the end of a list: removing an item moves those behind it to other places.
    for place in sorted(places, key=lambda place: [(isinstance(part, int), part) for part in place], reverse=True):
        parent: Any = data
        for part in place[:-1]:
            parent = parent[part] if _has(parent, part) else None
        if _has(parent, place[-1]):
            del parent[place[-1]]
            done = True
    return done


def _has(parent: Any, part: str | int) -> bool:
    if isinstance(parent, dict):
        return part in parent
    return isinstance(parent, list) and isinstance(part, int) and part < len(parent)


def _report(problem: ErrorDetails, model: type[BaseModel], document: Document, prefix: Path, path: Path) -> None:
    kind, context = problem["type"], problem.get("ctx", {})
    place = (*prefix, *path)
    if place in document.reported and kind != "missing":
        return
    if kind == "extra_forbidden":
        report_unknown_key(document, place, keys_at(model, path[:-1]))
    elif kind == "missing":
        document.report(place, "missing", f"add {show_key(path[-1])}: …")
    elif kind in ("literal_error", "enum"):
        _report_choice(problem, document, place)
    elif kind in ("value_error", "assertion_error"):
        what, instead = _own_words(problem)
        what = CRON if is_cron(problem.get("input")) else what
        document.report(place, what, instead)
    elif kind in _BOUNDS:
        what, instead = _BOUNDS[kind]
        document.report(place, what, "write " + instead.format(**context))
    else:
        wanted = next((text for word, text in _WANTED.items() if kind.startswith(word)), "something else")
        is_mapping = kind.startswith(("dict", "model"))
        # A key may be a misplaced secret.
        name = show_key(place[-1]) if place else "name"
        instead = instead_of_mapping(place, problem.get("input"), name) if is_mapping else f"write {wanted}"
        document.report(place, "wrong type", instead)


def _report_choice(problem: ErrorDetails, document: Document, place: Path) -> None:
    given = problem.get("input")
    known = [
        word.strip("' ") for word in str(problem.get("ctx", {}).get("expected", "")).replace(" or ", ",").split(",")
    ]
    # An action of a later version is spelled right, so the nearest other one is no help.
    if given in LATER_ACTIONS:
        document.report(place, "not available in this version", f"write one of: {', '.join(known)}")
        return

    def instead() -> str:
        near = nearest(given, known)
        return f"write one of: {', '.join(known)}" + (f" ({near}?)" if near else "")

    document.report(place, "not one of the choices", instead)


def _own_words(problem: ErrorDetails) -> tuple[str, str]:
    """Split an adapter's `what: write …`; cut the value out, should the text repeat it."""
    text = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    given = problem.get("input")
    what, found, instead = text.partition(": write ")
    # Shorter values may be common words, and cutting them out would mangle the message.
    if isinstance(given, str) and len(given) >= 16:
        what = what.replace(given, "…")
    return (what, f"write {instead}") if found else (text, "")


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> tuple[str, ...]:
    """Return the keys that the model knows at that place."""
    annotation: Any = model
    for part in path:
        annotation = _bare(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            named = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
            annotation = named.get(str(part))
        else:
            # Of `dict[str, X]` and `tuple[X, ...]` the last type is that of the values.
            annotation = next((one for one in reversed(get_args(annotation)) if one is not ...), None)
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(field.alias or name for name, field in annotation.model_fields.items())
    return ()


def _bare(annotation: Any) -> Any:
    """Strip Annotated and Optional."""
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
        annotation = arguments[0]
    return annotation
