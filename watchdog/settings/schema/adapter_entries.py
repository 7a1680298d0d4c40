"""The entries of `signals:` and `channels:`, checked by the options of their own adapters."""

from collections.abc import Mapping
from typing import Any

from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.signals import SIGNALS
from watchdog.domain.policy import SignalPolicy
from watchdog.settings.model.settings import Adapter
from watchdog.settings.schema.schema import ServiceShape
from watchdog.settings.schema.written_values import NAME
from watchdog.settings.text.foreign_words import instead_of_key
from watchdog.settings.text.validation import keys_at, nearest, report_unknown_key, validate
from watchdog.settings.text.yaml_document import Document


def check_signals(
    document: Document, service: str, shape: ServiceShape
) -> tuple[dict[str, Adapter], tuple[SignalPolicy, ...]]:
    """Return a service's valid signals and their policies; report the others."""
    adapters: dict[str, Adapter] = {}
    policies: list[SignalPolicy] = []
    for name, written in shape.signals.items():
        path = ("services", service, "signals", name)
        check_name(document, path)
        kind = _kind(written)
        if kind is None:
            _report_kind(document, path, written)
            continue
        options = validate(SIGNALS[kind].options, written, document, path)
        # A signal with a mistake is left out, so that the rest of the file is still checked.
        if options is not None:
            adapters[name] = Adapter(kind, options)
            policies.append(SIGNALS[kind].policy(name, options))
    return adapters, tuple(policies)


def check_channels(document: Document, channels: Mapping[str, dict[str, Any]]) -> dict[str, Adapter]:
    """Return the valid channels; report the others."""
    adapters: dict[str, Adapter] = {}
    for name, written in channels.items():
        if name not in NOTIFIERS:
            report_unknown_key(document, ("channels", name), NOTIFIERS, "channel")
            continue
        options = validate(NOTIFIERS[name].options, written, document, ("channels", name))
        if options is not None:
            adapters[name] = Adapter(name, options)
    return adapters


def check_name(document: Document, path: tuple[str, ...]) -> None:
    """Report a name that cannot be a metric label, a dedup key and a word of the command line."""
    if not NAME.fullmatch(path[-1]):
        document.report(path, "not a name we can use", "write up to 40 letters, digits, - or _")


def _kind(written: Mapping[str, Any]) -> str | None:
    """Return the first key that is a kind, preferring one whose options explain all other keys."""
    kinds = [key for key in written if key in SIGNALS]
    # `http` and `latency` may both stand in one signal by mistake; the better fit gives the better message.
    fitting = [kind for kind in kinds if set(written) <= set(keys_at(SIGNALS[kind].options, ()))]
    return next(iter(fitting or kinds), None)


def _report_kind(document: Document, path: tuple[str, ...], written: Mapping[str, Any]) -> None:
    if not written:
        document.report(path, "names nothing to check", f"write one of: {', '.join(sorted(SIGNALS))}")
        return
    # Words of another tool are answered with the word of ours, for each of them.
    foreign = [key for key in written if instead_of_key((*path, key), key)]
    for key in foreign:
        report_unknown_key(document, (*path, key), SIGNALS)
    if foreign:
        return
    first = next(iter(written))
    if len(written) == 1 or document.is_full or nearest(first, SIGNALS):
        report_unknown_key(document, (*path, first), SIGNALS, "kind of signal")
    else:
        document.report(path, "no kind of signal among its keys", f"write one of: {', '.join(sorted(SIGNALS))}")
