"""The configuration's view of adapters: the shape of an entry in SIGNALS and in NOTIFIERS, and their checks."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from watchdog.adapters.options import Options
from watchdog.domain.policy import SignalPolicy
from watchdog.settings.model.settings import Adapter
from watchdog.settings.schema.schema import ServiceShape
from watchdog.settings.schema.written_values import NAME
from watchdog.settings.text.foreign_words import instead_of_key
from watchdog.settings.text.validation import keys_at, nearest, report_unknown_key, validate
from watchdog.settings.text.yaml_document import Document


class SignalEntry(Protocol):
    """One kind of signal: its options (whose first key is the kind), and its policy for the core."""

    @property
    def options(self) -> type[Options]:
        """Return the model of the options."""

    @property
    def policy(self) -> Callable[[str, Any], SignalPolicy]:
        """Return the policy of a signal of that name with those options."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the names of the variables that must be set."""


class NotifierEntry(Protocol):
    """One kind of channel: its options, and the variables they require."""

    @property
    def options(self) -> type[Options]:
        """Return the model of the options."""

    @property
    def secrets(self) -> Callable[[Any], tuple[str, ...]]:
        """Return the names of the variables that must be set."""


Signals = Mapping[str, SignalEntry]
Notifiers = Mapping[str, NotifierEntry]


class Registries(NamedTuple):
    """Every kind of signal and of channel there is."""

    signals: Signals
    notifiers: Notifiers


def check_signals(
    document: Document, service: str, shape: ServiceShape, signals: Signals
) -> tuple[dict[str, Adapter], tuple[SignalPolicy, ...]]:
    """Return a service's valid signals and their policies; report the others."""
    adapters: dict[str, Adapter] = {}
    policies: list[SignalPolicy] = []
    for name, written in shape.signals.items():
        path = ("services", service, "signals", name)
        check_name(document, path)
        kind = _kind(written, signals)
        if kind is None:
            _report_kind(document, path, written, signals)
            continue
        options = validate(signals[kind].options, written, document, path)
        # A signal with a mistake is left out, so that the rest of the file is still checked.
        if options is not None:
            adapters[name] = Adapter(kind, options)
            policies.append(signals[kind].policy(name, options))
    return adapters, tuple(policies)


def check_channels(
    document: Document, channels: Mapping[str, dict[str, Any]], notifiers: Notifiers
) -> dict[str, Adapter]:
    """Return the valid channels; report the others."""
    adapters: dict[str, Adapter] = {}
    for name, written in channels.items():
        if name not in notifiers:
            report_unknown_key(document, ("channels", name), notifiers, "channel")
            continue
        options = validate(notifiers[name].options, written, document, ("channels", name))
        if options is not None:
            adapters[name] = Adapter(name, options)
    return adapters


def check_name(document: Document, path: tuple[str, ...]) -> None:
    """Report a name that cannot be a metric label, a dedup key and a word of the command line."""
    if not NAME.fullmatch(path[-1]):
        document.report(path, "not a name we can use", "write up to 40 letters, digits, - or _")


def _kind(written: Mapping[str, Any], signals: Signals) -> str | None:
    """Return the first key that is a kind, preferring one whose options explain all other keys."""
    kinds = [key for key in written if key in signals]
    # `http` and `latency` may both stand in one signal by mistake; the better fit gives the better message.
    fitting = [kind for kind in kinds if set(written) <= set(keys_at(signals[kind].options, ()))]
    return next(iter(fitting or kinds), None)


def _report_kind(document: Document, path: tuple[str, ...], written: Mapping[str, Any], signals: Signals) -> None:
    if not written:
        document.report(path, "names nothing to check", f"write one of: {', '.join(sorted(signals))}")
        return
    # Words of another tool are answered with the word of ours, for each of them.
    foreign = [key for key in written if instead_of_key((*path, key), key)]
    for key in foreign:
        report_unknown_key(document, (*path, key), signals)
    if foreign:
        return
    first = next(iter(written))
    if len(written) == 1 or document.is_full or nearest(first, signals):
        report_unknown_key(document, (*path, first), signals, "kind of signal")
    else:
        document.report(path, "no kind of signal among its keys", f"write one of: {', '.join(sorted(signals))}")
