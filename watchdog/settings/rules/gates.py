"""The gates: `services.*.gate`, checked against the other sections; and a repository's own rules, which only restrict.

Rule: a rules file stands beside the code that wants to go to production, so its author may not be the one who set the
gate up. Nothing in it may let a commit through that the configuration would refuse.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial

from watchdog.adapters.signals.options import ProbeOptions
from watchdog.adapters.signals.sentry import SentryOptions
from watchdog.domain.policy import PROBES, SignalPolicy, Window
from watchdog.domain.units import show_seconds
from watchdog.presentation.gate.gate_rules import FAILING_SHARE, SOAK_SECONDS, GateRules, Instrument
from watchdog.settings.model.settings import Adapter
from watchdog.settings.rules.recurrence import parse_weekly
from watchdog.settings.schema.schema import GateShape, Shape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document, Path


def build_gates(
    document: Document,
    shape: Shape,
    signals: Mapping[str, Mapping[str, Adapter]],
    policies: Mapping[str, tuple[SignalPolicy, ...]],
) -> Mapping[str, GateRules]:
    """Return the rules of each service, also of those without a gate of their own; report names that lead nowhere."""
    gates = {}
    for name, service in shape.services.items():
        has = instruments(signals[name], policies[name])
        if service.gate is None:
            # Without staging: it lets nothing through, and says what to write.
            gates[name] = GateRules(instrumented=has)
            continue
        path: Path = ("services", name, "gate")
        if service.gate.staging is None:
            document.report(path, "it names no staging service", "add staging: NAME, one of services:")
        check_names(document, path, service.gate, name, shape.services, shape.windows)
        gates[name] = _rules(service.gate, windows_of(shape.windows), has)
    return gates


def windows_of(written: Mapping[str, str]) -> Mapping[str, Window]:
    """Return the windows of the configuration by name; those with a mistake are left out."""
    return {name: Window(name, parse_weekly(text)) for name, text in written.items()}


def instruments(signals: Mapping[str, Adapter], policies: Collection[SignalPolicy]) -> tuple[Instrument, ...]:
    """Return the instruments that a service has, by its signals."""
    options = [adapter.options for adapter in signals.values()]
    found = {
        Instrument.VERSION: any(isinstance(one, ProbeOptions) and one.version is not None for one in options),
        Instrument.RELEASE: any(isinstance(one, SentryOptions) and one.release is not None for one in options),
        Instrument.CRITICAL: any(one.critical and one.kind in PROBES for one in policies),
    }
    return tuple(instrument for instrument, there in found.items() if there)


def check_names(
    document: Document,
    path: Path,
    written: GateShape,
    service: str,
    services: Collection[str],
    windows: Collection[str],
) -> None:
    """Report a staging service and windows that there are none of, and a service that is its own staging."""
    staging = written.staging
    if staging == service:
        document.report((*path, "staging"), "a service cannot be its own staging", "name another one of services:")
    elif staging is not None and staging not in services:
        document.report((*path, "staging"), "names no service", partial(choose, staging, services))
    for place, name in enumerate(written.windows or ()):
        if name not in windows:
            instead = 'add windows: {nights: "Mon-Sun 02:00-04:00 Europe/Berlin"}'
            document.report((*path, "windows", place), "names no window", choose(name, windows) if windows else instead)


def _rules(written: GateShape, windows: Mapping[str, Window], has: tuple[Instrument, ...]) -> GateRules:
    return GateRules(
        staging=written.staging,
        soak_seconds=written.soak if written.soak is not None else SOAK_SECONDS,
        failing_share=written.failing if written.failing is not None else FAILING_SHARE,
        availability=written.availability,
        windows=tuple(windows[name] for name in written.windows or () if name in windows),
        traffic_per_minute=written.traffic,
        requires=tuple(Instrument) if written.requires is None else tuple(map(Instrument, written.requires)),
        instrumented=has,
    )


def restricted(
    document: Document, own: GateRules, written: GateShape, objective: float, windows: Mapping[str, Window]
) -> GateRules:
    """Return the configuration's rules with a rules file's over them; report each that would loosen one."""
    path: Path = ("gate",)

    def stricter(
        key: str, wanted: float | None, now: float | None, *, more: bool, show: Callable[[float], str]
    ) -> None:
        if wanted is None or now is None or (wanted >= now if more else wanted <= now):
            return
        what = f"would loosen the configuration, which says {show(now)}"
        document.report((*path, key), what, f"write {'more' if more else 'less'}, or remove it")

    stricter("soak", written.soak, own.soak_seconds, more=True, show=show_seconds)
    stricter("failing", written.failing, own.failing_share, more=False, show=_percent)
    needed = own.availability if own.availability is not None else objective
    stricter("availability", written.availability, needed, more=True, show=_percent)
    stricter("traffic", written.traffic, own.traffic_per_minute, more=False, show=lambda rate: f"{rate:g}/min")
    if None not in (written.staging, own.staging) and written.staging != own.staging:
        document.report((*path, "staging"), "is another one than the configuration's", "remove it")
    chosen = {window.name for window in own.windows}
    if written.windows is not None and chosen and not (set(written.windows) <= chosen and written.windows):
        what = f"would loosen the configuration, which says {', '.join(sorted(chosen))}"
        document.report((*path, "windows"), what, "name some of these, or remove it")
    if written.requires is not None and not set(written.requires) >= set(own.requires):
        what = f"would loosen the configuration, which says {', '.join(own.requires)}"
        document.report((*path, "requires"), what, "name all of these, or remove it")
    said = _rules(written, windows, own.instrumented)
    kept = {key: getattr(own, field) for key, field in FIELDS.items() if getattr(written, key) is None}
    return replace(said, **{FIELDS[key]: value for key, value in kept.items()})


FIELDS: Mapping[str, str] = {
    "staging": "staging",
    "soak": "soak_seconds",
    "failing": "failing_share",
    "availability": "availability",
    "windows": "windows",
    "traffic": "traffic_per_minute",
    "requires": "requires",
}
"""The field of the rules that each key of a gate fills."""


def _percent(share: float) -> str:
    return f"{100 * share:.6g}%"
