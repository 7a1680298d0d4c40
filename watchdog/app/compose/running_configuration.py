"""The configuration in force, as the daemon records it for the command line; the two compared.

A command reads the file, the daemon read it at its start or its last reload, and may have refused it since.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from watchdog import __version__
from watchdog.adapters.signals import render_events
from watchdog.app.compose.config_diff import judged
from watchdog.domain.policy import Mode, Policy
from watchdog.domain.store_records import FLEET, Running
from watchdog.settings import Settings

NAMES_MAX = 5
CURE = "a restart of the daemon takes the file, and so does SIGHUP where that only restrains it"


def running_of(settings: Settings) -> Mapping[str, Running]:
    """Return the mode of each service, and a digest of all that it is judged by; of the fleet (`FLEET`) the rest."""
    parts: dict[str, list[str]] = {name: [] for name in (FLEET, *settings.policy.services)}
    left_out = set(_resolved(settings.policy))
    for (_, path), value in judged(settings):
        head, _, rest = path.partition(".")
        if path not in left_out:
            parts[rest.partition(".")[0] if head == "services" else FLEET].append(f"{path}={_same(value)}")
    modes = {name: one.mode.value for name, one in settings.policy.services.items()}
    return {name: Running(modes.get(name, ""), _digest(found), __version__) for name, found in parts.items()}


def _resolved(policy: Policy) -> Iterable[str]:
    """Yield the paths whose values depend on the ids of services, which a command does not look up."""
    for name, service in policy.services.items():
        yield f"services.{name}.platform_id"
        for signal in service.signals:
            if signal.kind == render_events.KIND:
                yield f"services.{name}.signals.{signal.name}.every_seconds"


def _same(value: object) -> str:
    """Return a value as every process writes it: sets have another order in each."""
    return repr(sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value)


def _digest(found: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(found)).encode("utf-8", "replace")).hexdigest()[:16]


def in_force(policy: Policy, running: Mapping[str, Running]) -> Policy:
    """Return the policy with the modes in force, where they are recorded."""
    known = {mode.value: mode for mode in Mode}
    services = {
        name: replace(one, mode=known.get(running[name].mode, one.mode)) if name in running else one
        for name, one in policy.services.items()
    }
    return replace(policy, services=MappingProxyType(services))


def differences_in_force(settings: Settings, running: Mapping[str, Running]) -> list[str]:
    """Return in words what the daemon runs with, where the file says otherwise, with the cure; nothing if it does not,
    or if no worker has recorded it.
    """
    here = running_of(settings)
    both = [name for name in here if name in running]
    other_mode = {name for name in both if here[name].mode != running[name].mode}
    moved = [f"{name} in {running[name].mode} (the file: {here[name].mode})" for name in both if name in other_mode]
    # Another version of the watchdog has other settings of its own, and so another digest of the same file.
    same = [name for name in both if here[name].version == running[name].version and name not in other_mode]
    changed = [name or "all services" for name in same if here[name].settings != running[name].settings]
    found = [
        (moved, "it runs {}"),
        ([name for name in running if name not in here], "it still watches {}"),
        # Only where a worker says what it runs: of an older one nothing is known.
        ([name for name in here if name and name not in running] if running else [], "it does not watch {} yet"),
        (changed, "it runs other settings of {}"),
    ]
    said = [words.format(_listed(names)) for names, words in found if names]
    return [f"THE DAEMON RUNS ANOTHER CONFIGURATION than the file: {'; '.join(said)}. ({CURE})"] if said else []


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return f"{', '.join(names[:NAMES_MAX])}{more}"


def recorder(settings: Callable[[], Settings]) -> Callable[[], Mapping[str, Running]]:
    """Return the function that returns what is in force; it is computed once for each configuration."""
    made: list[tuple[Settings, Mapping[str, Running]]] = []

    def runs() -> Mapping[str, Running]:
        now = settings()
        # By identity: a reload makes another object, and comparing two would cost as much as the digest.
        if not made or made[0][0] is not now:
            made[:] = [(now, running_of(now))]
        return made[0][1]

    return runs
