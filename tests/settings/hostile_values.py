"""Values that no person would write where a configuration wants a moment, a name, an address, a number or a list.

Every value that ended in a traceback or a hang once is among them; so is a canary, too long to be taken for a key's
name.
"""

from functools import cache
from random import Random

import yaml

CANARY = "CANARY" * 8
SHORT = r"""
2027-02-31 ¦ 2027-02-11T48:00:00Z ¦ 2027-02-11T08:00:00+99:99 ¦ 0001-01-01T00:00+14:00 ¦ 9999-12-31
0x_ ¦ 0b_ ¦ 0o8 ¦ !!int "" ¦ !!float x ¦ !!bool x ¦ !!timestamp x ¦ !!binary ö ¦ !!null x ¦ !!set {a}
1e999 ¦ .inf ¦ -.inf ¦ .nan ¦ -1 ¦ 1.5 ¦ ٩٩% ¦ ²²% ¦ 0% ¦ 100% ¦ -1% ¦ 0/min ¦ 1/0 ¦ 1e9/s
-5s ¦ 0s ¦ 1h-30m ¦ 5 s 5 ¦ ∞s ¦ 1e3s ¦ 1e999s ¦ 999999999999d ¦ 00:00 ¦ Feb 30 10:00 UTC ¦ Mon 25:00 Nowhere/Never
&a [*a] ¦ &a {<<: *a} ¦ *nobody ¦ << ¦ [&x [a, a, a, a], &y [*x, *x, *x, *x], &z [*y, *y, *y, *y], [*z, *z, *z, *z]]
"((((a{1000}){1000}){1000})" ¦ "(a+)+$" ¦ "(a|a)*b" ¦ "(([a-z])+.)+[A-Z]$" ¦ "\\1" ¦ "(?P<x" ¦ "(?R)" ¦ "[a"
https://acme.example:99999 ¦ http://xn--/ ¦ https://[::1 ¦ smtp.acme.example:65536 ¦ https://ö.example:0 ¦ javascript:x
https://a@b@c ¦ https://１２７.0.0.1 ¦ https://a..b ¦ http:/a ¦ file:///etc/passwd ¦ /dev/stdin ¦ ../../etc/passwd ¦ ~/x
sqlite:///a\0b ¦ "sqlite:///a\0b" ¦ postgresql://a:99999/b ¦ postgresql://[ ¦ memory:// ¦ xoxb-1
/proc/self/mem ¦ "a\0b" ¦ "a{99999}" ¦ "\0" ¦ "\ud800" ¦ "\U00110000" ¦ "\Uffffffff" ¦ ~
'' ¦ = ¦ ? ¦ $. ¦ $[ ¦ $[0]..a ¦ $[' ¦ 2xx-5xx ¦ [2xx, 600] ¦ "https://a[b" ¦ "https://a]b"
%YAML 9.9 ¦ --- ¦ ... ¦ !!python/object:os.system x ¦ !<x> 1 ¦ @ ¦ ` ¦ | ¦ > ¦ ' ¦ " ¦ { ¦ } ¦ [ ¦ ]
true ¦ [] ¦ {} ¦ [[[]]] ¦ {a: {b: {}}} ¦ [web, web] ¦ web
"""
LONG = (
    *("9" * 5000, "-" + "9" * 5000, "0x" + "f" * 5000, "1:" + "59:" * 900 + "59", "9" * 400 + "GiB", "9" * 400 + "s"),
    *('"' + "9" * 8000 + '"', '"' + "9s" * 4000 + '"', "[" * 600 + "]" * 600, "{a: " * 600 + "}" * 600),
    *("\n" + "- " * 600, '"://' + "a:" * 4000 + '"', '"' + "://a" * 2000 + '"', '"' + "a" * 9000 + '"'),
    *('"/' + "a/" * 3000 + '"', "$." + "a." * 2000, f"https://{'a' * 64}.example", f"[{'x, ' * 3000}]"),
    "{b # " + "{" * 60_000 + "\n",
)
VALUES = (
    *(CANARY, "\x07", "\ufeff", "\u2028", "\x85", "\t"),
    *(one for line in SHORT.strip().split("\n") for one in line.split(" ¦ ")),
    *LONG,
)


def value(luck: Random) -> str:
    """Return a hostile value, one within another at times; most can stand in a line that goes on."""
    one = luck.choice(_fitting() if luck.random() < 0.8 else VALUES)
    return f"[{one}, {luck.choice(VALUES)}]" if luck.random() < 0.1 else one


@cache
def _fitting() -> list[str]:
    """Return the values that do not end the reading of a line: what follows is read as well."""
    return [one for one in VALUES if _fits(f"{{a: {one}, b: [{one}]}}")]


def _fits(text: str) -> bool:
    try:
        return yaml.compose(text, yaml.SafeLoader) is not None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        return False
