"""Plain text for a terminal: columns of at most 78 characters, numbers and times as people read them. Pure.

Rule 1: foreign text (commit messages, error texts) reaches a terminal only through `clean`.
Rule 2: nothing here reads a clock.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from watchdog.domain.units import show_seconds

WIDTH = 78
INDENT = 13
LONGEST = 400
_GAPS = re.compile(" {3,}")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: object, limit: int = LONGEST) -> str:
    """Return one line without control, bidirectional or other invisible characters, cut to `limit` characters."""
    # Cut before cleaning: a foreign text of megabytes would hold the loop. Four times, since `clean` drops characters.
    return _clean(str(text)[: limit * 4], limit)


# The same names and messages stand on every page.
@lru_cache(maxsize=4096)
def _clean(text: str, limit: int) -> str:
    # Whitespace first: a line break is a control character, and would vanish between two words.
    spaced = "".join(" " if char.isspace() else char for char in text)
    kept = "".join(char for char in spaced if unicodedata.category(char) not in _UNPRINTABLE)
    line = _GAPS.sub("  ", kept).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def wrapped(head: str, text: str, indent: int = INDENT) -> list[str]:
    """Return `head` padded to `indent` and then `text`, wrapped so that every later line starts below the text."""
    start = f"{head:<{indent - 1}} " if len(head) < indent else f"{head}  "
    lines = textwrap.wrap(
        clean(text),
        width=WIDTH,
        initial_indent=start,
        subsequent_indent=" " * indent,
        # Ids and addresses must stay whole to be copied.
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [start.rstrip()]


def flow(text: str, limit: int = LONGEST) -> list[str]:
    """Return running text from the left margin."""
    return textwrap.wrap(clean(text, limit), width=WIDTH, break_long_words=False, break_on_hyphens=False)


def section(label: str, text: object) -> list[str]:
    """Return a section that begins on the line of its label: `SEVERITY     share failing …`."""
    return wrapped(clean(label), str(text))


def item(name: str, text: object, indent: int = INDENT) -> list[str]:
    """Return one indented line of a section: `  errors     unknown: …`."""
    return wrapped(f"  {clean(name)}", str(text), indent)


def joined(label: str, parts: Sequence[str], separator: str = " | ") -> list[str]:
    """Return parts on as few lines as they need, never breaking one of them unless it is too long for a line."""
    lines: list[str] = []
    row = ""
    for part in map(clean, parts):
        if row and INDENT + len(row) + len(separator) + len(part) > WIDTH:
            lines += wrapped("" if lines else label, row)
            row = ""
        row = f"{row}{separator}{part}" if row else part
    return lines + wrapped("" if lines else label, row) if row else lines


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], cell_max: int = LONGEST) -> list[str]:
    """Return head and rows as lines, each column as wide as its widest cell, two blanks between."""
    cells = [[name.upper() for name in head], *([clean(cell, cell_max) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return [line.rstrip() for line in padded]


def arrows(rows: Sequence[tuple[str, str]], label: str) -> list[str]:
    """Return `condition -> result` lines with their arrows below each other."""
    pad = min(max((len(clean(left)) for left, _ in rows), default=0), 34)
    lines: list[str] = []
    for left, right in rows:
        head = "" if lines else label
        whole = f"{head:<{INDENT}}{clean(left):<{pad}} -> {clean(right)}"
        lines += [whole] if len(whole) <= WIDTH else wrapped(head, f"{clean(left)} -> {clean(right)}")
    return lines


def sentence(text: str) -> str:
    """Return the text with a capital first letter (unless it begins with an id) and a full stop."""
    line = clean(text)
    if not line:
        return ""
    first = line[0].upper() if line.split()[0].isalpha() else line[0]
    return first + line[1:] + ("" if line[-1] in ".!?" else ".")


def short(code: str | None) -> str:
    """Return the seven characters of a commit (or of an image digest) that people know it by."""
    return clean((code or "no commit").removeprefix("sha256:"))[: 7 if code else 9]


def many(number: int, what: str) -> str:
    """Return a number of things: `1 deploy`, `2 deploys`."""
    return f"{number} {what}{'s' * (number != 1)}"


def show_number(value: float) -> str:
    """Return odds or a factor: `679`, `2.9`, `1/20`."""
    if value >= 1e6:
        return f"{value:.1e}"
    if value >= 100:
        return f"{value:.0f}"
    if 0 < value < 0.01 or (0 < value < 1 and abs(1 / value - round(1 / value)) < 0.01):
        return f"1/{show_number(round(1 / value))}"
    return f"{value:.3g}"


def show_odds(value: float) -> str:
    """Return odds against one, the larger number written out: `679 : 1`, `0.55 : 1`, `1 : 109529`."""
    return f"1 : {show_number(1 / value)}" if 0 < value < 0.1 else f"{show_number(value)} : 1"


def show_probability(value: float) -> str:
    """Return a probability with three digits, and never rounded to certainty."""
    if value > 0.9995:
        return "> 0.999"
    return f"{value:.3f}" if value >= 0.0005 else "< 0.001"


def show_likely(probability: float) -> str:
    """Return a probability in words, never rounded to certainty: `30 % likely`, `less than 1 % likely`."""
    return "less than 1 % likely" if probability < 0.01 else f"{percent(min(probability, 0.99), 0)} likely"


def took(seconds: float) -> str:
    """Return a duration to the second below an hour, so that those of one column compare: `47 s`, `1 min 49 s`."""
    whole = round(seconds)
    if whole < 60 or whole >= 3600:
        return show_seconds(whole)
    return f"{whole // 60} min {whole % 60} s"


def clock(at: float, tz: tzinfo = UTC) -> str:
    """Return the time of day of a moment (UTC epoch seconds): `02:14:52`."""
    return datetime.fromtimestamp(at, tz).strftime("%H:%M:%S")


def day(at: float, tz: tzinfo = UTC) -> str:
    """Return the date of a moment (UTC epoch seconds): `2026-11-25`."""
    return datetime.fromtimestamp(at, tz).strftime("%Y-%m-%d")


def moment(at: float, tz: tzinfo = UTC) -> str:
    """Return date, time and zone of a moment (UTC epoch seconds): `2026-11-25 02:14:52 UTC`."""
    return f"{day(at, tz)} {clock(at, tz)} {zone(at, tz)}"


def zone(at: float, tz: tzinfo = UTC) -> str:
    """Return the zone's name at that moment: `UTC`, `CET`, `UTC+05:30`."""
    return datetime.fromtimestamp(at, tz).tzname() or "UTC"


def other_zone(at: float, shown_at: float, tz: tzinfo = UTC) -> str:
    """Return the zone's name at a moment if it is another than that at `shown_at`, which stands above: summer time."""
    return zone(at, tz) if zone(at, tz) != zone(shown_at, tz) else ""


def in_column(at: float, head_at: float, tz: tzinfo = UTC, *, seconds: bool = True) -> str:
    """Return date and time of a moment below a head that names the zone as at `head_at`; with its own if that is
    another: `2026-07-01 04:00:00 CEST`.
    """
    return f"{day(at, tz)} {clock(at, tz)[: 8 if seconds else 5]} {other_zone(at, head_at, tz)}".rstrip()


def story(parts: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of all parts, in order."""
    return [line for part in parts for line in part]


def percent(share: float | None, decimals: int = 2) -> str:
    """Return a share for people, never rounded up to 100 %: `99.98 %`, `100 %`, `–`."""
    if share is None:
        return "–"
    scale = 10**decimals
    # Rounded first: as a float, 0.58 is a little less, and would be 57 %.
    return "100 %" if share >= 1 else f"{int(round(100 * share * scale, 9)) / scale:.{decimals}f} %"


def iso(at: float | None) -> str | None:
    """Return a moment (UTC epoch seconds) for machines: `2026-11-25T02:14:52Z`; None for none."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
