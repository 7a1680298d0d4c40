"""Tables of Markdown, as the generated pages have them."""

from collections.abc import Iterable, Sequence


def page(title: str, about: str, source: str, *parts: str) -> str:
    """Return a page: its title, who makes it from what, and its parts."""
    made = f"<!-- Generated from {source}: python -m tests.handbook --write -->"
    return "\n\n".join((f"# {title}", made, about, *(part.strip("\n") for part in parts))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def first_upper(text: str) -> str:
    """Return the text with a capital letter at its beginning, unless code stands there."""
    return text[:1].upper() + text[1:]
