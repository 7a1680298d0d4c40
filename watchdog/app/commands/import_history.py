"""`watchdog lab import`: files of another monitor in, one recording out, readable by `watchdog lab replay`.

Rule 1: the recording is that of a daemon in mode observe: no person approved or acted in that past.
Rule 2: the policy is the configuration's, reduced to the history; each reduction is a note. It has one service and one
signal, read at the history's pace, and no control targets, status pages or dependencies.
Rule 3: the file appears whole or not at all.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from watchdog.adapters.recordings import RecordingWriter
from watchdog.domain.errors import ConfigurationError, Mistake, Temporary
from watchdog.domain.policy import Mode, Policy, SignalPolicy
from watchdog.replay.history_replay import Deploys, HistoryReplay
from watchdog.replay.imports import IMPORTERS, ImportedHistory, Wanted
from watchdog.replay.imports.deploys_csv import deploys_of, listed
from watchdog.settings.load.load import load
from watchdog.settings.schema.written_values import NAME

BATCH = 5000
FOREVER = float("inf")
BYTES_MAX = 2**40
"""Imports are kept: no file in the folder is removed to make room for one."""
MINIMAL = """\
version: 1
services: {{{service}: {{signals: {{{signal}: {probe}}}}}}}
"""
PROBES = {
    "http": "{http: https://imported.example}",
    "latency": "{latency: https://imported.example}",
    "sentry": "{sentry: imported/imported}",
}
"""The shortest configuration of a signal of each kind."""


@dataclass(frozen=True, slots=True)
class Source:
    """The files to import; `deploys` is a CSV file, `config` the configuration whose policy applies."""

    kind: str
    files: Sequence[Path]
    service: str
    signal: str
    site: str = ""
    signal_kind: str = "http"
    config: Path | None = None
    deploys: Path | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import. Times are UTC epoch seconds."""

    file: Path
    readings: int
    events: int
    began_at: float
    ended_at: float
    every_seconds: float | None
    deploys: int
    notes: Sequence[str]

    def json_object(self) -> Mapping[str, Any]:
        """Return the result for machines."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {"file": str(self.file), "notes": list(self.notes)}


def import_history(source: Source, out: Path, environ: Mapping[str, str], cwd: Path) -> Imported:
    """Read, play and write. Raises ConfigurationError for mistakes in the input, Temporary for a full disk."""
    policy, notes = _policy(source, environ, cwd)
    signal = _signal(policy, source)
    history = IMPORTERS[source.kind](source.files, Wanted(source.service, signal, source.site))
    policy = _paced(policy, source, signal, history, notes)
    deploys = _deploys(source, policy, history, notes)
    past = HistoryReplay(policy, source.service, history.observed, deploys)
    first, last = history.observed[0].at, history.observed[-1].at
    file, events = _write(past, f"import-{source.service}-{source.signal}-{_stamp(last)}", first, out)
    known = len(deploys.moments) if deploys is not None else 0
    every, told = history.every_seconds, (*history.notes, *notes)
    return Imported(file, len(history.observed), events, first, last, every, known, told)


def _policy(source: Source, environ: Mapping[str, str], cwd: Path) -> tuple[Policy, list[str]]:
    """Return the policy reduced to this service, in mode observe, and a note for each reduction."""
    notes: list[str] = []
    if source.config is None:
        # Checked before they become YAML: a colon or a brace in a name would write other keys.
        for name in (source.service, source.signal):
            if NAME.fullmatch(name) is None:
                _mistaken(name[:60], "not a name", "write letters, digits, - and _, 40 at most")
        probe = PROBES[source.signal_kind]
        text = MINIMAL.format(service=source.service, signal=source.signal, probe=probe)
        variables = {"WATCHDOG_CONFIG_YAML": text}
        policy = load(None, variables, Path("/nowhere"), secretless=True).policy
        notes.append(f"no --config: a policy with shipped defaults was made for a signal of kind {source.signal_kind}")
    else:
        # Nothing of the past is read from a vendor, so no key is needed.
        policy = load(source.config, environ, cwd, secretless=True).policy
    service_policy = policy.services.get(source.service)
    if service_policy is None:
        _mistaken(source.service, "no such service in the configuration", f"one of: {', '.join(policy.services)}")
    if policy.control or policy.vendors:
        notes.append(
            "control targets and status pages were not read then, so the policy of this recording has none; "
            "replayed against a --config that has some, they were never read, and nothing would be done"
        )
    only = replace(
        # Without an id of the platform a service has no deploys, and the replay could blame none.
        service_policy,
        platform_id=service_policy.platform_id or f"srv-imported-{source.service}",
        mode=Mode.OBSERVE,
        veto_seconds=0.0,
        depends_on=(),
    )
    services = MappingProxyType({source.service: only})
    return replace(policy, services=services, control=(), vendors=MappingProxyType({})), notes


def _signal(policy: Policy, source: Source) -> SignalPolicy:
    service_policy = policy.services[source.service]
    signal = service_policy.signal(source.signal)
    if signal is None:
        names = ", ".join(one.name for one in service_policy.signals)
        _mistaken(source.signal, f"{source.service} has no such signal in the configuration", f"one of: {names}")
    return signal


def _paced(policy: Policy, source: Source, signal: SignalPolicy, history: ImportedHistory, notes: list[str]) -> Policy:
    """Return the policy with that signal alone, read at the pace of the history if that is slower."""
    service_policy = policy.services[source.service]
    left_out = [one.name for one in service_policy.signals if one.name != signal.name]
    if left_out:
        notes.append(f"not in this history, and so left out of the policy: {', '.join(left_out)}")
    every = history.every_seconds
    # A run of failures ends in a gap, and the gap allowed depends on the pace: a faster one would end every run.
    if every is not None and every > signal.every_seconds:
        notes.append(
            f"a reading comes every {every:.0f} s (the configuration says {signal.every_seconds:g} s), so runs of "
            "failures may have gaps of that length, and every delay, that of being well again too, is counted in such "
            "steps"
        )
        signal = replace(signal, every_seconds=every)
    services = {source.service: replace(service_policy, signals=(signal,))}
    return replace(policy, services=MappingProxyType(services))


def _deploys(source: Source, policy: Policy, history: ImportedHistory, notes: list[str]) -> Deploys | None:
    if source.deploys is None:
        notes.append("no --deploys: no deploy can be blamed, so each incident is only paged")
        return None
    found = deploys_of(source.deploys, policy.blame.first_traffic_lead_seconds)
    first, last = history.observed[0].at, history.observed[-1].at
    moments = [deploy.finished_at for deploy in found if deploy.finished_at is not None]
    if not any(moment <= last for moment in moments):
        _mistaken(source.deploys.name, "no deploy in it went live before the history ends", "give its own deploys")
    if not any(moment <= first for moment in moments):
        notes.append("no deploy is known from before the history begins: the first one has nothing to go back to")
    return Deploys(moments, lambda now: listed(found, now))


def _write(past: HistoryReplay, run: str, began_at: float, out: Path) -> tuple[Path, int]:
    """Write one file beside the others, whole; a file of the same history is replaced."""
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In the same folder: `replace` is atomic only within one file system.
        with tempfile.TemporaryDirectory(dir=out, prefix=".import-") as making:
            tape = RecordingWriter(Path(making), run, FOREVER, BYTES_MAX)
            steps, events = past.steps(), 0
            while batch := list(islice(steps, BATCH)):
                tape.write(began_at, batch)
                events += len(batch)
            tape.close()
            # One file: all batches are written as of one moment, so the writer never finds it an hour old.
            (made,) = Path(making).iterdir()
            return made.replace(out / made.name), events
    except OSError as error:
        raise Temporary(f"{out.name}/ cannot be written ({error.strerror or type(error).__name__})") from None


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def _mistaken(where: str, what: str, instead: str) -> NoReturn:
    raise ConfigurationError((Mistake(where, what, instead),))
