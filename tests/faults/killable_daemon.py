"""`watchdog run` that can die by kill -9 at every commit and every effect: killable_daemon.py CONFIG TRAIL [POINT].

Its store, platform, remedies and channels are the real ones, registered anew in the tables with a thin shell around
what commits or changes something: each such call has a point before it, and one after it that stays unheard.

Rule 1: a point is written to TRAIL before it is passed; the last line of a dead process is where it died.
Rule 2: a call that raises is written down as `raised`, which is no point: nothing came back from it.
Rule 3: reads, snapshots, minutes and lease renewals are not points: they lie on no path of an incident.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.remedies import REMEDIES
from watchdog.adapters.stores import STORES
from watchdog.app.compose.daemon_run import run
from watchdog.daemon.runtime.clock import SteadyClock, SystemClock
from watchdog.domain import effects as fx
from watchdog.domain.store_records import Write
from watchdog.settings.load.load import load


class Points:
    """Counts every point that is reached, and ends the process at the fatal one."""

    def __init__(self, trail: Path, fatal: str | None) -> None:
        self._file = os.open(trail, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._fatal = fatal
        self._seen: Counter[str] = Counter()

    def note(self, what: str) -> None:
        """Write down what is no point."""
        os.write(self._file, f"{what}\n".encode())

    def reach(self, when: str, what: str) -> None:
        """Write the point down, and die there if it is the fatal one."""
        self._seen[f"{when} {what}"] += 1
        point = f"{when} {what} #{self._seen[f'{when} {what}']}"
        self.note(point)
        if point == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """Something real whose named calls have a point before and after them; `named` gives a call's name, or None."""

    def __init__(self, inner: Any, points: Points, named: Mapping[str, Callable[..., str | None]]) -> None:
        self._inner = inner
        self._points = points
        for call in dir(inner):
            if not call.startswith("_"):
                real = getattr(inner, call)
                setattr(self, call, self._marked(call, real, named[call]) if call in named else real)

    def _marked(self, call: str, real: Callable[..., Any], name: Callable[..., str | None]) -> Callable[..., Any]:
        async def marked(*arguments: Any, **more: Any) -> Any:
            what = name(*arguments, **more)
            if what is None:
                return await real(*arguments, **more)
            self._points.reach("before", f"{call} {what}")
            try:
                answer = await real(*arguments, **more)
            except BaseException:
                self._points.note(f"raised {call} {what}")
                raise
            self._points.reach("after", f"{call} {what}")
            return answer

        return marked


def saved(write: Write) -> str | None:
    """Name a save by its event and by what it records for the outside; None for a snapshot."""
    outside = ", ".join(_effect(effect) for effect in write.effects if isinstance(effect, fx.OUTSIDE))
    return None if write.event is None else f"{type(write.event).__name__} [{outside}]"


def _effect(effect: object) -> str:
    return f"Tell {effect.notice.kind.value}" if isinstance(effect, fx.Tell) else type(effect).__name__


COMMITS: dict[str, Callable[..., str | None]] = {
    "save": saved,
    "put_action": lambda row, expect: f"{row.step} {row.state}",
    "finish": lambda effect_id, outcome, service=None: "a notice" if ":" in outcome else outcome,
    "answer": lambda command_id, **answer: "a command",
    "delivered": lambda effect_id, channel, incident, reference: channel,
}
CHANGES: dict[str, Callable[..., str | None]] = {
    "set_auto_deploy": lambda service_id, value: value,
    "rollback": lambda service_id, deploy_id: deploy_id,
    "redeploy": lambda service_id, commit: commit,
}


def register(points: Points) -> None:
    """Put the mortal parts into the tables from which the daemon is built."""

    def mortal(build: Callable[..., Any], named: Mapping[str, Callable[..., str | None]]) -> Callable[..., Any]:
        return lambda *given, **more: Mortal(build(*given, **more), points, named)

    def sends(channel: str) -> dict[str, Callable[..., str | None]]:
        return {"send": lambda notice, reference: f"{channel} {notice.kind.value}"}

    STORES.update({kind: mortal(build, COMMITS) for kind, build in STORES.items()})
    NOTIFIERS.update({name: replace(kind, build=mortal(kind.build, sends(name))) for name, kind in NOTIFIERS.items()})
    PLATFORMS.update({name: mortal(build, CHANGES) for name, build in PLATFORMS.items()})
    REMEDIES.update({kind: mortal(build, {"apply": lambda kind=kind: kind}) for kind, build in REMEDIES.items()})


def main(config: Path, trail: Path, fatal: str | None = None) -> None:
    """Run the real daemon until the fatal point is reached, or for ever."""
    register(Points(trail, fatal))
    asyncio.run(run(load(config, os.environ, config.parent), SteadyClock(SystemClock())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
