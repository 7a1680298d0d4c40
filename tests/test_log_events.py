"""Log events are lower-case facts of a few words; all that varies is a field beside them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "watchdog"
METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
PLAIN = re.compile(r"[a-z0-9][a-z0-9 ,-]*")
LENGTH_MAX = 60
BANNED = re.compile(
    r"\b(somebody|nobody|anybody|whoever|whatever|what|told|tells?|says?|said|hears?|heard|looks? after|ours?)\b"
)


def events() -> Iterator[tuple[str, str]]:
    """Yield the place and the event of every log call; an event that is no literal is yielded as its source."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            node.targets[0].id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=name), args=[first, *_]) if (
                    name in METHODS
                ):
                    place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                    value = named.get(first.id) if isinstance(first, ast.Name) else getattr(first, "value", None)
                    yield place, value if isinstance(value, str) else ast.unparse(first)


def test_every_event_is_a_short_fact_in_plain_words() -> None:
    """No sentence, no value inside, none of the words that name no actor."""
    found = list(events())
    assert len(found) > 70, "the calls were not found"
    wrong = [one for one in found if not PLAIN.fullmatch(one[1]) or len(one[1]) > LENGTH_MAX or BANNED.search(one[1])]
    assert wrong == []
