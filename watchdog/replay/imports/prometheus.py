"""`prometheus`: the JSON answer of `query_range`, one series of it. The signal's kind gives the meaning of its values.

`http`: 1 or 0, as probe_success is, or the share of a step that succeeded (avg_over_time, a ratio of rates).
`latency`: seconds. `sentry`: errors per minute over the step before each value.
A share is read as probes at the signal's own pace: the failed ones match the share, with the remainder carried over to
the next step. They are spread evenly over the step, which is the gentlest reading: the answer lacks their real order.
NaN and missing steps are no evidence.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, MinuteCount, Reading, Unknown
from watchdog.domain.units import show_seconds
from watchdog.replay.imports.history import ImportedHistory, Wanted, check_kind, history, json_of, pace_of, refuse

Value = tuple[str, float, float | None]
"""The place in the file, the time (UTC epoch seconds) and the number; None stands for NaN."""
INSTEAD = "save the whole answer of /api/v1/query_range"
STEP_MAX_SECONDS = 86400.0
SHARES = (
    "values between 0 and 1 are shares of a step: each was read as probes at the signal's own pace, the failed ones "
    "spread evenly, the rest carried over; how they really lay is not known"
)
COUNTS = (
    "each value was read as the errors of the step before it, known at that moment; the watchdog reads a minute later"
)


def read(files: Sequence[Path], wanted: Wanted) -> ImportedHistory:
    """Return the readings of one series. Raises ConfigurationError."""
    check_kind(wanted, "prometheus", *READERS)
    # By time: files whose ranges overlap hold the same step twice.
    by_time = {one[1]: one for file in files for one in _values(file)}

    values = [by_time[at] for at in sorted(by_time)]
    step = pace_of(at for _, at, _ in values) or 60.0
    observed, notes = READERS[wanted.signal.kind](values, step, wanted.signal)
    readings = (Observed(at, wanted.service, wanted.signal.name, *rest) for at, *rest in observed)
    return history(readings, notes, files[0])


def _values(file: Path) -> Iterator[Value]:
    answer = json_of(file)
    if not isinstance(answer, dict) or answer.get("status") != "success":
        refuse(file.name, "not an answer of Prometheus that succeeded", INSTEAD)
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
        refuse(file.name, "not a range of values (resultType matrix)", INSTEAD)
    result = data["result"]
    if len(result) != 1 or not isinstance(result[0], dict) or not isinstance(result[0].get("values"), list):
        what = f"{len(result)} series, and one is wanted"
        refuse(file.name, what, f"narrow the query to one series{_names(result)}, or sum it up")
    for number, pair in enumerate(result[0]["values"]):
        yield _value(f"{file.name}: values[{number}]", pair)


def _names(result: Sequence[Any]) -> str:
    metrics = [one.get("metric") for one in result[:3] if isinstance(one, dict)]
    return f" (there are {str(metrics)[:280]} …)" if metrics else ""


def _value(where: str, pair: Any) -> Value:
    try:
        at, text = pair
        number = float(text)
        # JSON's true is a number to Python, but no time.
        if isinstance(at, bool) or not 0.0 <= float(at) < 1e11:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        refuse(where, "not a pair of time and value", INSTEAD)
    if isfinite(number) and number < 0:
        refuse(
            where, f"{number:g} is below 0", "query what the signal measures: a share, seconds, or errors per minute"
        )
    return where, float(at), number if isfinite(number) else None


Read = tuple[Iterator[tuple[Any, ...]], Sequence[str]]


def _probes(values: Sequence[Value], step: float, signal: SignalPolicy) -> Read:
    for where, _, share in values:
        if share is not None and share > 1.0:
            refuse(where, f"{share:g} is no share", "query a share from 0 to 1 (divide per cent by 100)")
    if all(share in (None, 0.0, 1.0) for _, _, share in values):
        return ((at, _judged(share)) for _, at, share in values), ()
    if step > STEP_MAX_SECONDS:
        what = f"a value each {show_seconds(step)}, and the shares of so long a step say nothing of probes"
        refuse(values[0][0], what, "query with a step of minutes")
    return _spread(values, step, signal), (SHARES,)


def _judged(share: float | None) -> Reading:
    if share is None:
        return Unknown("no value")
    return Good() if share == 1.0 else Bad("failed, by Prometheus")


def _spread(values: Sequence[Value], step: float, signal: SignalPolicy) -> Iterator[tuple[Any, ...]]:
    probes = max(1, round(step / signal.every_seconds))
    owed = 0.0
    for _, at, share in values:
        if share is None:
            yield at, Unknown("no value")
            continue
        for number in range(1, probes + 1):
            owed += 1.0 - share
            # The tolerance: a third three times over must add up to a whole failure despite rounding.
            failed = owed >= 1.0 - 1e-9
            owed -= 1.0 if failed else 0.0
            reading: Reading = Bad(f"{100 * (1 - share):.1f} % of the step failed") if failed else Good()
            # A value at `at` describes the step before it: Prometheus' range functions look back.
            yield at - step + number * step / probes, reading


def _latencies(values: Sequence[Value], step: float, signal: SignalPolicy) -> Read:
    return (
        (at, Unknown("no value"), None) if seconds is None else (at, Good(), seconds) for _, at, seconds in values
    ), ()


def _counts(values: Sequence[Value], step: float, signal: SignalPolicy) -> Read:
    def counted() -> Iterator[tuple[Any, ...]]:
        for _, at, rate in values:
            if rate is None:
                yield at, Unknown("no value")
            else:
                bucket = MinuteCount(start=at - step, seconds=step, count=rate * step / 60.0)
                yield at, Good(f"{rate:g} errors/min"), None, (bucket,)

    return counted(), (COUNTS,)


READERS: Mapping[str, Callable[[Sequence[Value], float, SignalPolicy], Read]] = {
    "http": _probes,
    "latency": _latencies,
    "sentry": _counts,
}
