"""Conditions of Gatus (`[STATUS] == 200`, `len([BODY].items) > 0`) as the expectations of a probe.

Rule: a condition has an equal, or is noted by its left side alone; its right side may be a secret.
Where Gatus compares texts, the value is written as text and as the number or boolean that it may be.
"""

import re
from fnmatch import fnmatchcase
from typing import Any

from watchdog.domain.units import parse_duration
from watchdog.settings.other_tools.json_conditions import NoEqual, bounds, demand_open, forms, number, set_value
from watchdog.settings.other_tools.sites import (
    STATUSES,
    Site,
    clean,
    duration,
    literal,
    set_statuses,
)

_OPERATOR = re.compile(r"==|!=|<=|>=|<|>")
_COMPARE = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
CONDITION_CHARACTERS = 1000
BODY_LENGTH_MAX = 1000


def set_conditions(signal: dict[str, Any], site: Site, conditions: object) -> None:
    """Write each condition into a signal `http`, or note it. Without one about the status, any status is accepted."""
    accepted = set(STATUSES)
    for given in conditions if isinstance(conditions, list) else []:
        left, operator, right = _parts(given)
        try:
            if left == "[STATUS]":
                accepted &= _accepted(operator, right)
            else:
                _set(signal, left, operator, right)
        except NoEqual as error:
            shown = clean(f"{left} {operator}".strip()) or "a condition"
            site.note(f"condition {shown} …: {error}")
    set_statuses(signal, site, accepted, "condition [STATUS] …")


def _parts(condition: object) -> tuple[str, str, str]:
    """Return left side, operator and right side, with the placeholder on the left."""
    if not isinstance(condition, str) or len(condition) > CONDITION_CHARACTERS:
        return "", "", ""
    found = _OPERATOR.search(condition)
    if found is None:
        return condition.split()[0] if condition.split() else "", "", ""
    left, operator, right = condition[: found.start()].strip(), found[0], condition[found.end() :].strip()
    if "[" in right and "[" not in left:
        return right, _MIRRORED.get(operator, operator), left
    return left, operator, right


def _set(signal: dict[str, Any], left: str, operator: str, right: str) -> None:
    if left == "[CONNECTED]" and (operator, right.lower()) == ("==", "true"):
        return
    if left == "[RESPONSE_TIME]" and operator in ("<", "<=") and right.isdigit() and 0 < int(right) < 10**8:
        signal["max_latency"] = duration(int(right) / 1000)
        return
    if left == "[CERTIFICATE_EXPIRATION]" and operator in (">", ">="):
        _set_certificate(signal, right)
        return
    if "[" in right:
        raise NoEqual("two values of an answer are not compared here")
    demand_open(left, operator, right)
    if left == "[BODY]":
        _set_whole_body(signal, operator, right)
    elif found := re.fullmatch(r"(len|has)?\(?\[BODY\]([^()]*)\)?", left):
        _set_value(signal, found[1] or "", found[2], operator, right)
    else:
        raise NoEqual("no probe of ours looks at it")


def _set_certificate(signal: dict[str, Any], right: str) -> None:
    try:
        seconds = parse_duration(right)
    except ValueError:
        raise NoEqual("not a duration") from None
    signal["certificate"] = duration(seconds)
    raise NoEqual("kept as certificate:, which shows the end in the reading; a certificate that has ended is bad")


def _accepted(operator: str, right: str) -> set[int]:
    """Return the statuses that a condition accepts."""
    if operator in ("==", "!=") and (choice := _choice(right)) is not None:
        named = {status for status in STATUSES if any(fnmatchcase(str(status), one) for one in choice)}
        return named if operator == "==" else set(STATUSES) - named
    if operator in _COMPARE and re.fullmatch(r"\d{1,9}", right):
        return {status for status in STATUSES if _COMPARE[operator](status, int(right))}
    raise NoEqual("not a comparison with a number")


def _choice(right: str) -> list[str] | None:
    """Return the patterns of `any(a, b)`, `pat(2*)` or a plain value. None: of another form."""
    if found := re.fullmatch(r"any\((.*)\)", right):
        return [one.strip() for one in found[1].split(",")]
    if found := re.fullmatch(r"pat\((.*)\)", right):
        return [found[1].strip()]
    return [right] if right else None


def _set_whole_body(signal: dict[str, Any], operator: str, right: str) -> None:
    if operator != "==":
        raise NoEqual("a body is compared with == alone")
    pattern = re.fullmatch(r"pat\((.*)\)", right)
    inner = pattern[1].strip("*") if pattern else ""
    if pattern and inner and not set("*?[") & set(inner) and pattern[1] == f"*{inner}*" and "contains" not in signal:
        signal["contains"] = inner
    elif "matches" in signal or right.startswith("any("):
        raise NoEqual("one expression for the body is all there is; join them by hand in matches:")
    elif pattern and pattern[1].strip("*"):
        signal["matches"] = f"^{_expression(pattern[1])}$"
    elif not pattern:
        signal["matches"] = rf"^\s*{literal(right)}\s*$"


def _expression(pattern: str) -> str:
    """Return the regular expression of a pattern with * and ?."""
    forms = {"*": ".*", "?": "."}
    return f"(?s:{''.join(forms.get(mark) or literal(mark) for mark in pattern)})"


def _set_value(signal: dict[str, Any], function: str, path: str, operator: str, right: str) -> None:
    """Write the condition of a value in the JSON, at the path behind [BODY]."""
    if function == "len" and not path:
        _set_length_of_body(signal, operator, right)
        return
    set_value(signal, f"${path}", _condition(function, operator, right))


def _condition(function: str, operator: str, right: str) -> dict[str, Any]:
    if function == "has":
        if operator not in ("==", "!=") or right.lower() not in ("true", "false"):
            raise NoEqual("has() is true or false")
        return {"exists": (right.lower() == "true") == (operator == "==")}
    bounded = bounds(operator, right)
    if function == "len":
        if operator == "==" and (exact := number(right)) is not None:
            bounded = {"gte": exact, "lte": exact}
        if not bounded:
            raise NoEqual("a length is compared with a number, and not by !=")
        return {"length": bounded}
    if bounded:
        return bounded
    if operator != "==" or not right:
        raise NoEqual("a value is not compared by != here")
    if found := re.fullmatch(r"pat\((.*)\)", right):
        return {"matches": f"^{_expression(found[1])}$"}
    return {"in": [form for one in _choice(right) or [] for form in forms(one)]}


def _set_length_of_body(signal: dict[str, Any], operator: str, right: str) -> None:
    """Write `len([BODY]) > 9` as an expression of so many characters."""
    if not right.isdigit() or int(right) > BODY_LENGTH_MAX or operator not in (">", ">=") or "matches" in signal:
        raise NoEqual("the length of a body has no equal")
    signal["matches"] = rf"(?s).{{{int(right) + (operator == '>')}}}"
