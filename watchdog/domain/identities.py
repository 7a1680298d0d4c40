"""Identities: under which name somebody answers, and by which way: `slack:U0AAA`, `console:ann`, `terminal:ann`.

Rule 1: the way is part of it. What looks like another's member id is, in the console, still only a name.
Rule 2: they are not worth the same. Slack itself vouches for a member's id; a terminal's is the operating system's
user, whom we believe as we believe anybody who may write into our record; in the console the token of the role is
checked, and the name that its bearer gave is taken on trust.
"""

import re

SLACK, CONSOLE, TERMINAL = "slack", "console", "terminal"
WAYS = (SLACK, CONSOLE, TERMINAL)
MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")
"""A Slack member id."""
_NAME = re.compile(r"[^\s:](?:[^:\x00-\x1f]{0,38}[^\s:])?")


def identity(way: str, name: str) -> str:
    """Return the identity of who comes by that way under that name; nothing for who gave none."""
    return f"{way}:{name}" if name else ""


def meant(text: str) -> tuple[str, ...]:
    """Return the identities that a word of the configuration stands for. Raises ValueError, saying what to write.

    A word alone is a member id, and counts in Slack, or else a name, and counts in the console and at a terminal.
    """
    way, colon, name = text.partition(":")
    if not colon:
        way, name = "", text
    right = MEMBER.fullmatch(name) if way == SLACK else _NAME.fullmatch(name)
    if right is None or (colon and way not in WAYS):
        raise ValueError("not an identity: write U0AAA (a Slack member id), lead, console:lead or terminal:lead")
    if colon:
        return (identity(way, name),)
    ways = (SLACK,) if MEMBER.fullmatch(name) else (CONSOLE, TERMINAL)
    return tuple(identity(one, name) for one in ways)
