"""RE2's syntax, read in full and written for `regex`: the syntax of the configuration does not depend on the engine.

Rule: an expression that RE2 refuses is refused, with the place and without repeating it. There is no lookaround, no
backreference, and no addition of `regex` (recursion, approximate matches, possessive repetition). So every expression
is a *regular* one.
"""

import re
from dataclasses import replace
from typing import NoReturn

from watchdog.adapters.signals import re2_characters as characters
from watchdog.adapters.signals.re2_characters import PERL, POSIX, CharRange
from watchdog.adapters.signals.re2_items import Item, group, joined, trimmed

TEXT_MAX, DEPTH_MAX, REPEAT_MAX, SIZE_MAX = 4000, 50, 1000, 40_000
"""Characters, groups within groups, one counted repetition, characters with every repetition written out.

RE2 itself gave up at about the last limit in the memory we left it.
"""
INSTEAD = r"write RE2's syntax: no lookaround (?=…), (?!…), (?<=…), no backreference \1, and \z for \Z"
_REPEAT = re.compile(r"(?:([*+?])|\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\})(\??)")
_GROUP = re.compile(r"\(\?P?<\w+>|\((?!\?)")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_POSIX = re.compile(r"\[:(\^?)([^\]:]*):\]")
_UNICODE = re.compile(r"\\([pP])(?:\{(\^?)([^}]*)\}|([^{]))")
_PERL = re.compile(r"\\([dswDSW])")
_NUMBER = re.compile(r"\\(?:x\{([0-9a-fA-F]{1,8})\}|x([0-9a-fA-F]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2}))")
_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WORD = f"[{characters.members(PERL['w'])}]"
_BOUNDARY = rf"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"
_EMPTY = {"A": r"\A", "z": r"\Z", "b": _BOUNDARY, "B": f"(?!{_BOUNDARY})"}


def for_regex(text: str) -> str:
    """Return the same expression for `regex` (VERSION0). Raises ValueError, which does not repeat the expression."""
    reader = _Reader(text)
    if len(text) > TEXT_MAX:
        reader.refuse(TEXT_MAX, f"longer than {TEXT_MAX} characters")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise ValueError("not a regular expression: half a character in it: write text")
    branches = reader.alternatives()
    if reader.at < len(text):
        reader.refuse(reader.at, "unexpected )")
    # After parsing, not before: only then is it known how nested repetitions multiply.
    if group(branches).size > SIZE_MAX:
        reader.refuse(0, f"too large with its repetitions written out (at most {SIZE_MAX} characters)")
    return joined([trimmed(items) for items in branches])


class _Reader:
    """Reads an expression from left to right; `flags` are those in force at its position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.repeated_at = self.depth = 0
        self.flags: frozenset[str] = frozenset()

    def refuse(self, at: int, what: str) -> NoReturn:
        raise ValueError(f"not a regular expression: at character {at + 1}: {what}: {INSTEAD}")

    def sees(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def takes(self, text: str) -> bool:
        found = self.sees(text)
        self.at += len(text) * found
        return found

    def alternatives(self) -> list[list[Item]]:
        found = [self.sequence()]
        while self.takes("|"):
            found.append(self.sequence())
        return found

    def sequence(self) -> list[Item]:
        items: list[Item] = []
        while self.at < len(self.text) and not self.sees("|") and not self.sees(")"):
            if repeat := _REPEAT.match(self.text, self.at):
                self.repeat(items, repeat)
            elif self.sees("("):
                items.extend(self.group())
            elif self.takes(r"\Q"):
                quoted, _, _ = self.text[self.at :].partition(r"\E")
                self.at = min(self.at + len(quoted) + 2, len(self.text))
                items.extend(map(self.literal, quoted))
            else:
                items.append(self.single())
        return items

    def repeat(self, items: list[Item], found: re.Match[str]) -> None:
        sign, first, comma, last, lazy = found.groups()
        if not items:
            self.refuse(self.at, "no argument for repetition operator")
        # RE2 refuses two repetitions in a row (`a**`); `regex` would read `a*+` as a possessive one.
        if self.at == self.repeated_at:
            self.refuse(self.at, "bad repetition operator: one repetition directly after another")
        low = {"*": 0, "+": 1, "?": 0}[sign] if sign else int(first)
        high = {"*": None, "+": None, "?": 1}[sign] if sign else int(last) if last else None if comma else low
        if max(low, high or 0) > REPEAT_MAX or (high is not None and high < low):
            self.refuse(self.at, f"invalid repetition size (from the smaller to the larger, at most {REPEAT_MAX})")
        item = items[-1] if items[-1].once else group([items[-1:]])  # a flag stands between two repetitions
        items[-1] = replace(item, low=low, high=high, lazy=bool(lazy) != ("U" in self.flags))
        self.at = self.repeated_at = found.end()

    def group(self) -> list[Item]:
        start, before = self.at, self.flags
        # Flags without a colon, as in `(?i)`, hold until the enclosing group ends, whose caller restores them.
        if flags := _FLAGS.match(self.text, start):
            self.flags = (before | set(flags[1])) - set(flags[2] or "")
            self.at = flags.end()
            if flags[3] == ")":
                return []
        elif opening := _GROUP.match(self.text, start):
            self.at = opening.end()
        else:
            self.refuse(start, "invalid perl operator after (?")
        self.depth += 1
        # Python's own recursion follows the groups, so their depth is limited.
        if self.depth > DEPTH_MAX:
            self.refuse(start, f"more than {DEPTH_MAX} groups within groups")
        branches = self.alternatives()
        if not self.takes(")"):
            self.refuse(start, "missing ) for this (")
        self.depth -= 1
        self.flags = before
        return [group(branches)]

    def single(self) -> Item:
        start, character = self.at, self.text[self.at]
        if character == "[":
            return self.folded(self.set())
        if members := self.named():
            return self.folded(f"[{members}]")
        if character == "\\":
            name = self.text[start + 1 : start + 2]
            if name in _EMPTY and name:
                self.at += 2
                return Item(_EMPTY[name], empty=True)
            return self.literal(self.escaped())
        self.at += 1
        if character == ".":
            return Item("(?s:.)" if "s" in self.flags else ".")
        if character in "^$":
            # In RE2 `$` without the flag m is the very end of the text; in `regex`
            # it also matches before a final line break.
            return Item(f"(?m:{character})" if "m" in self.flags else {"^": r"\A", "$": r"\Z"}[character], empty=True)
        return self.literal(character)

    def literal(self, character: str) -> Item:
        return self.folded(characters.written(character))

    def folded(self, text: str) -> Item:
        return Item(f"(?i:{text})" if "i" in self.flags else text)

    def set(self) -> str:
        start = self.at
        self.at += 1
        negated, found, first = self.takes("^"), [], True
        # The first member may be `]`, so the loop looks for the end only after one member.
        while first or not self.sees("]"):
            first = False
            if self.at >= len(self.text):
                self.refuse(start, "missing ] for this [")
            found.append(self.named(inside=True) or self.range())
        self.at += 1
        return f"[{'^' if negated else ''}{''.join(found)}]"

    def range(self) -> str:
        start, low = self.at, self.escaped()
        high = low
        if self.sees("-") and self.at + 1 < len(self.text) and self.text[self.at + 1] != "]":
            self.at += 1
            high = self.escaped()
        if high < low:
            self.refuse(start, "invalid character class range")
        return characters.members([CharRange(ord(low), ord(high))])

    def named(self, inside: bool = False) -> str | None:
        r"""Read \d, \pN or (within a set) [:alpha:]. None: none of these is here."""
        start = self.at
        if found := _UNICODE.match(self.text, start):
            negated = (found[1] == "P") != bool(found[2])
            members = characters.unicode_members(found[3] or found[4] or "", negated)
        elif inside and (found := _POSIX.match(self.text, start)):
            ranges = POSIX.get(found[2])
            members = (
                characters.members(characters.others(ranges, "i" in self.flags) if found[1] else ranges)
                if ranges
                else None
            )
        elif found := _PERL.match(self.text, start):
            ranges = PERL[found[1].lower()]
            members = characters.members(ranges if found[1].islower() else characters.others(ranges, "i" in self.flags))
        else:
            return None
        if members is None:
            self.refuse(start, "invalid character class range: no class of characters has this name")
        self.at = found.end()
        return members

    def escaped(self) -> str:
        """Read one character, written as itself or with a backslash."""
        start, character = self.at, self.text[self.at : self.at + 1]
        self.at += 1
        if character != "\\":
            return character or self.refuse(start, "missing ]")
        name = self.text[start + 1 : start + 2]
        if number := _NUMBER.match(self.text, start):
            self.at = number.end()
            code = int(number[3], 8) if number[3] else int(number[1] or number[2], 16)
            if code > characters.LAST or 0xD800 <= code <= 0xDFFF:
                self.refuse(start, "no character has this number")
            return chr(code)
        self.at += 1
        if name in _CONTROL:
            return _CONTROL[name]
        if not name:
            self.refuse(start, "trailing \\")
        if name == "C":
            self.refuse(start, r"a page is text and has no single bytes: (?s:.) is any character")
        if name.isalnum() or not name.isascii():
            self.refuse(start, "invalid escape sequence")
        return name
