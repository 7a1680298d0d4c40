"""`watchdog lab traces`: real traces through the real core, with the shipped defaults.

Rule: nothing is tuned to a set, and no set is left out for its result.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.policy import Policy
from watchdog.lab.traces import SETS, Trial
from watchdog.lab.traces.fault_outcomes import DatasetRow
from watchdog.lab.traces.play import Play
from watchdog.settings.load.load import load

SITE = """\
  NAME:
    render: srv-NAME
    depends_on: [DEPENDS]
    signals:
      home: {http: https://NAME.example}
      api: {latency: https://NAME.example/api/test}
      errors: {sentry: acme/NAME}
"""
HEAD = "version: 1\nmode: autonomous\nchannels: {console: {}}\ncontrol: []\nservices:\n"
"""No trace holds a control target. The signals are those of config/minimal.yaml, without an objective of its own."""

NO_DEPENDENCIES: Mapping[str, Sequence[str]] = MappingProxyType({})


def policy_for(services: Sequence[str], depends_on: Mapping[str, Sequence[str]] = NO_DEPENDENCIES) -> Policy:
    """Return the policy for services of these names."""
    sites = {name: SITE.replace("DEPENDS", ", ".join(depends_on.get(name, ()))) for name in services}
    text = HEAD + "".join(site.replace("NAME", name) for name, site in sites.items())
    return load(None, {"WATCHDOG_CONFIG_YAML": text}, Path("/nowhere"), secretless=True).policy


def run_traces(folder: Path, seed: str, names: Sequence[str] = ()) -> list[DatasetRow]:
    """Return the table. Raises ConfigurationError for a folder without any of the sets, or with a malformed one."""
    found = [name for name in SETS if (folder / name).is_dir() and (not names or name in names)]
    missing = [name for name in names if name not in found]
    if missing or not found:
        what = f"no folder {missing[0]} in it" if missing else f"none of the sets is in it ({', '.join(SETS)})"
        raise ConfigurationError((Mistake(folder.name, what, "name the folder that holds them"),))
    rows: dict[str, DatasetRow] = {}
    for name in found:
        for trial in _trials(folder / name, name):
            play(trial, seed, rows.setdefault(trial.row, DatasetRow(trial.row)))
    return list(rows.values())


def play(trial: Trial, seed: str, row: DatasetRow) -> None:
    """Play one trial, and count it in its row."""
    policy = policy_for(list(trial.tracks), trial.depends_on)
    times = next(
        signal.times_baseline for one in policy.services.values() for signal in one.signals if signal.times_baseline
    )
    played = Play(trial, policy, seed)
    did = played.run()
    row.add(trial, did, played.observations, times, played.acts)


def _trials(folder: Path, name: str) -> Sequence[Trial]:
    try:
        return list(SETS[name](folder))
    # Foreign files: a malformed one is the user's mistake, and gets one line instead of a traceback.
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        what = f"not of the shape that {name} has ({type(error).__name__}: {error})"[:300]
        raise ConfigurationError(
            (Mistake(name, what, "name a folder as the page Lab of the handbook describes"),)
        ) from None
