"""One wrong place hides no other."""

from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, Field

from watchdog.settings.schema.tuning import Section
from watchdog.settings.text.validation import choose, keys_at, validate
from watchdog.settings.text.yaml_document import parse


def _refuse(text: str) -> str:
    if text.startswith("CANARY"):
        raise ValueError(f"{text} is not nice: write something nicer")
    return text


class Inner(Section):
    """A part."""

    number: int = Field(default=1, ge=1, le=9)
    text: Annotated[str, AfterValidator(_refuse)] = ""


class Outer(Section):
    """A whole."""

    kind: Literal["one", "three"] = "one"
    parts: dict[str, Inner] = Field(default_factory=dict)
    list_of: list[int] = Field(default_factory=list, max_length=3)
    flag: bool = False
    needed: str


UNKNOWN = "unknown key -> write one of"
THREE = [
    "f:4: parts.b.number: too large -> write 9 or less",
    f"f:4: parts.b.q: {UNKNOWN}: number, text",
    "f:5: parts.c: wrong type -> write a mapping",
]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("needed: x", []),
        ("a: 1", [f"f:1: a: {UNKNOWN}: flag, kind, list_of, needed, parts", "f:1: needed: missing -> add needed: …"]),
        ("needed: 5\nflag: 1", ["f:1: needed: wrong type", "f:2: flag: wrong type -> write true or false"]),
        ("needed: x\nkind: thre", ["f:2: kind: not one of the choices -> write one of: one, three (three?)"]),
        ("needed: x\nlist_of: [a, 1, b]", ["f:2: list_of[0]: wrong type", "f:2: list_of[2]: wrong type"]),
        ("needed: x\nlist_of: [1, 2, 3, 4]", ["f:2: list_of: too many -> write at most 3"]),
        ("needed: x\nparts: {a: {number: 0}}", ["f:2: parts.a.number: too small -> write 1 or more"]),
        ("needed: x\nparts:\n  a: {}\n  b: {number: 10, q: 1}\n  c: 5", THREE),
        ("needed: x\nparts: {a: {text: CANARY-that-is-long}}", ["f:2: parts.a.text: … is not nice -> write something"]),
        ("needed: x\nparts: {a: {api_key: CANARY}}", ["f:2: parts.a.api_key: secrets are not written here"]),
    ],
)
def test_all_mistakes_in_one_run(text: str, says: list[str]) -> None:
    document = parse(text, "f")
    model = validate(Outer, document.data, document)
    found = [str(mistake) for mistake in document.mistakes]
    assert len(found) == len(says)
    for mistake, expected in zip(sorted(found), sorted(says), strict=True):
        assert mistake.startswith(expected)
    assert "CANARY" not in str(found)
    if not says:
        assert model is not None


def test_what_is_right_survives_what_is_wrong() -> None:
    document = parse("needed: x\nkind: 7\nparts: {a: {number: 3}, b: {number: 99}}", "f")
    model = validate(Outer, document.data, document)
    assert model is not None and model.parts["a"].number == 3
    assert model.parts["b"].number == 1 and len(document.mistakes) == 2


def test_keys_of_a_place_and_choices() -> None:
    assert keys_at(Outer, ("parts", "any")) == ("number", "text") and keys_at(Outer, ("flag",)) == ()
    assert keys_at(Outer, ("list_of", 0)) == () and choose("numbr", ("number", "text")) == "did you mean number?"
    assert choose("q", ("number", "text")) == "write one of: number, text" and choose("q", ()) == "remove it"
