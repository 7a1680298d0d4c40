"""The blocks of code in README and handbook, and the commands in them.

A comment right before a block says what the block needs that a test has not: `<!-- needs: docker -->`. Such a block is
linted and counted, not run. `<!-- yaml: any -->` stands before YAML that is no configuration of ours, and
`<!-- under: services.web -->` before a part of one that belongs below these keys.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from watchdog.docs import pages

ROOT = Path(__file__).parents[2]
NEEDS = frozenset(
    {"docker", "github", "kubernetes", "network", "pagerduty", "postgresql", "prometheus", "render", "slack", "systemd"}
)
LANGUAGES = frozenset({"", "json", "sh", "text", "yaml"})
"""One name for each, so that no block escapes its test by another."""
_FENCE = re.compile(r"(?P<indent> *)```(?P<language>[\w-]*) *\n(?P<text>.*?)^ *``` *$", re.MULTILINE | re.DOTALL)
_MARKS = re.compile(r"<!-- (\w+): ([^>]*?) -->")
_BEFORE = re.compile(r"(?:<!--[^>]*-->\s*)+\Z")
_ENDS = frozenset({"&&", "||", "|", ";", "&"})
_REDIRECTS = frozenset({">", ">>", "<"})


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code."""

    place: str  # file and line, as in README.md:12
    language: str  # as written behind the fence
    text: str  # without the fence's indent
    marks: dict[str, str] = field(default_factory=dict)  # what the comments before it say


def texts() -> Iterator[tuple[str, str]]:
    """Yield name and text of README and of each page that a person writes."""
    yield "README.md", (ROOT / "README.md").read_text(encoding="utf-8")
    for one in pages():
        if one.group != "Reference":
            yield f"{one.name}.md", one.text


def blocks_of(name: str, text: str) -> Iterator[Block]:
    for found in _FENCE.finditer(text):
        before = _BEFORE.search(text[: found.start()])
        marks = dict(_MARKS.findall(before[0])) if before else {}
        place = f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
        body = re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
        yield Block(place, found["language"], body, marks)


def blocks(language: str = "") -> list[Block]:
    found = [block for name, text in texts() for block in blocks_of(name, text)]
    return [block for block in found if language in ("", block.language)]


def shell_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each simple command of a shell's text, without assignments before it and redirections."""
    for line in text.replace("\\\n", " ").splitlines():
        reader = shlex.shlex(line, posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        words: list[str] = []
        skip = False
        for word in reader:
            if word in _ENDS:
                yield from without_assignments(words)
                words = []
            elif word in _REDIRECTS or skip:
                skip = not skip
            else:
                words.append(word)
        yield from without_assignments(words)


def without_assignments(words: list[str]) -> Iterator[list[str]]:
    """Yield the command alone, if one follows the assignments."""
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        words = words[1:]
    if words:
        yield words


def inline_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each `watchdog …` in running text."""
    prose = _FENCE.sub("", text)
    for found in re.findall(r"`(?:\.venv/bin/)?watchdog ([^`]+)`", prose):
        yield found.split()
