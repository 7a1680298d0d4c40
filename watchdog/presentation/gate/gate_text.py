"""The gate's answer, and the lines of a followed deploy, for a terminal or the log of a pipeline. Pure."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from watchdog.presentation.gate.gate_rules import GateReason, GateVerdict, lets_through
from watchdog.presentation.text import clean, clock, columns, many

WORDS = {GateVerdict.PASSED: "ok", GateVerdict.REFUSED: "REFUSED", GateVerdict.UNKNOWN: "NOT KNOWN"}


def gate_lines(service: str, commit: str, reasons: Sequence[GateReason]) -> list[str]:
    """Return the table of the reasons, and the verdict below it."""
    rows = [(one.name, WORDS[one.verdict], one.why) for one in reasons]
    return [*columns(("reason", "verdict", "why"), rows), "", verdict_line(service, commit, reasons)]


def verdict_line(service: str, commit: str, reasons: Sequence[GateReason]) -> str:
    """Return the verdict: `web: abc1234 may not go to production now: 1 reason refused, 2 are not known.`"""
    what = f"{clean(service)}: {clean(commit)[:12]}"
    if lets_through(reasons):
        return f"{what} may go to production now."
    counts = {kind: sum(one.verdict is kind for one in reasons) for kind in GateVerdict}
    refused, unknown = counts[GateVerdict.REFUSED], counts[GateVerdict.UNKNOWN]
    said = [f"{many(refused, 'reason')} refused"] if refused else []
    said += [f"{many(unknown, 'reason')} not known, which refuses as well"] if unknown else []
    return f"{what} may not go to production now: {', '.join(said) or 'no reason was asked'}."


def progress_line(at: float, stage: str, why: str, tz: tzinfo = UTC) -> str:
    """Return one line of a followed deploy: `02:14:52  watched: dep-44 is live, …`."""
    return f"{clock(at, tz)}  {clean(stage)}: {clean(why)}"
