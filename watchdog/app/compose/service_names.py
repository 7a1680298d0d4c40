"""Which services a configuration means by their names: Render says so at each start, and until then the store.

Theory. `render:` may be the exact name of a service, and only Render knows its id. A start that waited for Render would
leave every site unwatched while Render is away or refuses the key, and that is when people must be paged. So the daemon
starts all the same, with the ids that the store remembers for these names. Everything is then as for a service that is
configured by its id and cannot be read: it is probed and paged, the integration `platform` reports why, and nothing is
rolled back.

Rule 1: an id that Render has not confirmed since this start is for no call (`Withheld`): the name may be that of
another service by now, and a wrong rollback is worse than none.
Rule 2: once Render has said the ids, the process starts its daemon anew with them. What a client may change is fixed
when it is made, and is never widened.
Rule 3: a name that Render does not know, of a service that the store has no id of, was just written, so the start ends
with that mistake. A service that was guarded before may have been renamed or deleted at Render, and no one reads the
terminal: the daemon starts, and pages that.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from watchdog.app.commands.store_reading import reading
from watchdog.app.compose.composition import App, resolve
from watchdog.domain.errors import ConfigurationError, Gone, Permanent, Temporary
from watchdog.ports import Clock, Withheld
from watchdog.settings import Settings, UnknownNames, remember_names

ASK_AGAIN_SECONDS = 15.0
START_SECONDS = 10.0
STORE_SECONDS = 5.0
"""How long Render, and then the store, may take at a start: a site must not stay unwatched while one of them hangs."""
STORE_LOOK_SECONDS = 2.0

log = structlog.get_logger("watchdog")


@dataclass(slots=True)
class ServiceNames:
    """The settings as written, those to watch with, and what is not certain yet about the ids in these."""

    written: Settings
    settings: Settings
    withheld: Withheld = field(default_factory=Withheld)
    certain: asyncio.Event = field(default_factory=asyncio.Event)  # each id in `settings` is Render's own word

    async def ask_until_certain(self, app: App) -> None:
        """Look the names up until Render has said each id; then `settings` are those to begin again with."""
        while not self.certain.is_set():
            await app.clock.sleep(ASK_AGAIN_SECONDS)
            try:
                # A reload asked Render as well: its names are certain, and those of before are no longer written.
                found = app.settings if app.settings is not self.settings else await resolve(self.written, app.clock)
            except (Temporary, Permanent, ConfigurationError) as error:
                self._doubt(error)
                continue
            # The daemon ends to start anew with these: without a store, what it knows would end with it.
            while app.sharing.store_trouble:
                await app.clock.sleep(STORE_LOOK_SECONDS)
            self.settings, before = found if app.settings is self.settings else app.settings, self.ids
            log.warning("service names resolved, starting anew", before=before, services=self.ids)
            self.withheld = Withheld()
            self.certain.set()

    @property
    def ids(self) -> Mapping[str, str | None]:
        """Return the id to watch with of each service that is written by its name."""
        services = self.settings.policy.services
        return {name: services[name].platform_id for name in self.written.unresolved if name in services}

    def _doubt(self, error: Exception) -> None:
        before, self.withheld.why = self.withheld.why, _for_calls(error)
        # Not each time: a key may stay refused for days.
        if str(before) != str(error):
            log.error("service names not resolved, retrying", why=str(error))


async def named(settings: Settings, clock: Clock) -> ServiceNames:
    """Return the settings with Render's ids, or with the remembered ones while Render does not say them.

    Raises ConfigurationError for a name that neither Render nor the store knows.
    """
    try:
        found = ServiceNames(settings, await _resolve_in_time(settings, clock))
    except (Temporary, Permanent, ConfigurationError) as error:
        # Whose name Render knows is certain: one that was renamed must not keep the others from being rolled back.
        sure = error.settings if isinstance(error, UnknownNames) else settings
        known, doubtful = await _remembered(settings, clock), sure.unresolved
        new = doubtful.keys() - known.keys() if known is not None else ()
        if new and isinstance(error, ConfigurationError):
            raise
        found = ServiceNames(settings, remember_names(sure, known or {}))
        ids = {name: found.ids[name] for name in doubtful}
        found.withheld = Withheld(frozenset(filter(None, ids.values())), _for_calls(error))
        log.error("service names not resolved, watching without rollbacks", why=str(error), services=ids)
        return found
    found.certain.set()
    return found


async def _resolve_in_time(settings: Settings, clock: Clock) -> Settings:
    try:
        async with asyncio.timeout(START_SECONDS):
            return await resolve(settings, clock)
    except TimeoutError:
        raise Temporary(f"Render did not list its services within {START_SECONDS:.0f} s") from None


def _for_calls(error: Exception) -> Temporary | Permanent:
    """Return the error as a caller of the platform expects it."""
    return error if isinstance(error, (Temporary, Permanent)) else Permanent(str(error))


async def _remembered(settings: Settings, clock: Clock) -> Mapping[str, str] | None:
    """Return the id that the store has of each named service that it knows; None if the store cannot be read now."""
    looking = asyncio.ensure_future(_ids_in_store(settings, clock))
    # No `timeout`, which would wait for the store to close: where a disk hangs, that hangs as well.
    done, _ = await asyncio.wait([looking], timeout=STORE_SECONDS)
    return looking.result() if done else None


async def _ids_in_store(settings: Settings, clock: Clock) -> Mapping[str, str] | None:
    try:
        async with reading(settings, clock, outdated=True) as store:
            state = await store.load_readonly(list(settings.unresolved))
    except Gone:
        return {}
    except (Temporary, Permanent):
        return None
    services = state.services if state is not None else {}
    # By the service's name in the file: its name at Render may have changed while the daemon ran.
    return {name: one.facts.id for name, one in services.items() if one.facts is not None}
