"""This machine's clock against the platform's, by the date of its latest answer."""

from collections.abc import Sequence

from watchdog.domain.integrations import CLOCK_OFF_SECONDS, KINDS, Standing
from watchdog.domain.units import show_seconds
from watchdog.ports import Platform
from watchdog.ports.platform import TellsTime
from watchdog.settings.check.check_result import CheckOutcome, CheckResult


def clock_result(platform: Platform | None) -> Sequence[CheckResult]:
    """Return whether both clocks agree; nothing before the first dated answer."""
    read = platform.clock if isinstance(platform, TellsTime) else None
    if read is None:
        return []
    apart, where = abs(read.ahead_seconds), "ahead of" if read.ahead_seconds > 0 else "behind"
    if apart <= CLOCK_OFF_SECONDS:
        return [CheckResult("clock", CheckOutcome.OK, f"within {show_seconds(max(1.0, apart))} of the platform's")]
    kind = KINDS["clock"]
    what = f"{show_seconds(apart)} {where} the platform's: {kind.consequence}"
    return [CheckResult("clock", CheckOutcome.FAIL, what, kind.cures[Standing.FAILING])]
