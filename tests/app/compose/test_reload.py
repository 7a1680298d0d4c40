"""SIGHUP's rules: what may change while the watchdog runs, and what needs a restart, in words."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.app.scenes import FaultyStore, watching, wired
from tests.settings.hostile_texts import hostile
from tests.settings.texts import KEY, loaded
from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.options import Context
from watchdog.adapters.signals import SIGNALS, SignalKind
from watchdog.adapters.signals.options import SignalOptions, policy
from watchdog.app.compose.composition import App
from watchdog.app.compose.reload import HALF_TAKEN, needs_restart, reload_on_demand, reload_settings
from watchdog.app.compose.running_configuration import differences_in_force, in_force
from watchdog.domain.decisions import Finding
from watchdog.domain.errors import MISTAKES_MAX, Displaced, Stale, Temporary
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Mode
from watchdog.domain.severity import Severity
from watchdog.ports import SignalSource
from watchdog.settings import Settings
from watchdog.settings.load.load import load

TEXT = """\
version: 1
store: sqlite:////var/data/watchdog.db
services:
  web:
    render: srv-web
    mode: assist
    signals:
      home: {http: https://www.acme.example}
      api: {http: https://api.acme.example}
  docs:
    render: srv-docs
    signals:
      front: {http: https://docs.acme.example}
channels:
  console: {}
"""
OBSERVED = TEXT.replace("    mode: assist\n", "").replace("sqlite:////var/data/watchdog.db", "sqlite:///watchdog.db")
FINDING = Finding("home", "http", "run", onset_at=90.0, share=1.0, text="HTTP 503")
INCIDENT = Incident("web-1", "web", Severity.CRITICAL, 100.0, 90.0, title="web is down", findings=(FINDING,))
CALM = State(services={"web": ServiceState("web"), "docs": ServiceState("docs")})
OPEN = State(services={"web": ServiceState("web", phase=Phase.PAGED, incident=INCIDENT)})
CLOSED = State(services={"web": ServiceState("web", incident=replace(INCIDENT, closed_at=200.0))})

SHOP = "  shop: {render: srv-shop, mode: assist, signals: {a: {http: https://s.example}}}\n"
WITHOUT_WEB = TEXT.replace(TEXT[TEXT.index("  web:") : TEXT.index("  docs:")], "")
WITHOUT_HOME = TEXT.replace("      home: {http: https://www.acme.example}\n", "")
RENAMED = TEXT.replace("home:", "start:")
WITHOUT_API = TEXT.replace("      api: {http: https://api.acme.example}\n", "")


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


def observed(text: str) -> str:
    return text.replace("    mode: assist\n", "")


def settings(text: str, **more: str) -> Settings:
    return loaded(text, {**KEY, **more})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WITHOUT_WEB, "web-1 is open and its service web would be gone"),
        (WITHOUT_HOME, "the signal home of web, which it judges, would be gone"),
        (RENAMED, "the signal home of web, which it judges, would be gone"),
        (WITHOUT_API, ""),
        (changed("https://www.acme", "https://www2.acme"), ""),
        (TEXT, ""),
    ],
)
def test_an_open_incident_is_never_stranded(text: str, words: str) -> None:
    """What it judges by must stay; when it is closed, or there is none, anything of this may go."""
    was, now = settings(observed(TEXT)), settings(observed(text))
    why = needs_restart(was, now, OPEN)
    assert (words in why) if words else (why == "")
    for state in (CALM, CLOSED, State()):
        assert needs_restart(was, now, state) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed("render: srv-web", "render: srv-shop"), "another service on the platform (srv-web -> srv-shop)"),
        (changed("render: srv-docs", "render: srv-help"), "another service on the platform (srv-docs -> srv-help)"),
        (changed("mode: assist", "mode: observe"), "web would only be observed, and the client in use can still"),
        (changed("srv-docs", "srv-docs\n    mode: assist"), "docs may be changed now and was only observed"),
        (changed("channels:", f"{SHOP}channels:"), "shop may be changed now and was only observed"),
        (changed("console: {}", "console: {}\n  slack: {channel: '#incidents'}"), "channels changed"),
        (TEXT + "log: {level: debug}\n", "log changed"),
        (TEXT + "metrics: {listen: false}\n", "metrics changed"),
        (TEXT + "record: {enabled: false}\n", "record changed"),
        (TEXT + "console: {url: 'https://w.acme.example'}\n", "console changed"),
        (TEXT + "status_pages: {x: {title: x, services: [web]}}\n", "status_pages changed"),
        (changed("watchdog.db", "other.db"), "store_url changed"),
        (TEXT + "endpoints: {render: https://proxy.example/v1}\n", "endpoints changed"),
        (TEXT + "private_hosts: [my-private-service]\n", "private_hosts changed"),
        (TEXT + "repository: github\n", "repository changed"),
        (changed("channels:", "  shop: {render: srv-shop, signals: {a: {http: https://shop.example}}}\nchannels:"), ""),
        (changed("home: {http: https://www.acme.example}", "home: {http: https://www.acme.example, timeout: 8s}"), ""),
        (TEXT.replace(TEXT[TEXT.index("  docs:") : TEXT.index("channels:")], ""), ""),
    ],
)
@pytest.mark.parametrize("state", [CALM, OPEN])
def test_rights_and_what_was_built_at_the_start_need_a_restart(text: str, words: str, state: State) -> None:
    """The client was given its rights at the start, and they cannot be taken from it; all else is taken at once."""
    was, now = (settings(one, WATCHDOG_SLACK_BOT_TOKEN="xoxb-canary") for one in (TEXT, text))
    why = needs_restart(was, now, state)
    assert (words in why) if words else (why == "")


def test_a_changed_secret_needs_a_restart() -> None:
    """Clients hold their keys; the words do not hold the secret."""
    why = needs_restart(settings(TEXT), settings(TEXT, WATCHDOG_RENDER_API_KEY="other-key"), CALM)
    assert why == "a secret changed"


class BusyStore(FaultyStore):
    """One with which something happens `meanwhile`: at its next call."""

    meanwhile: Callable[[], None] | None = None

    async def heard(self, call: str, *given: Any) -> None:
        if self.meanwhile is not None:
            self.meanwhile()
        await super().heard(call, *given)


@dataclass
class Reloading:
    """A daemon that reloads on demand, and what it told people."""

    app: App
    store: BusyStore
    path: Path
    asked: asyncio.Event
    capsys: pytest.CaptureFixture[str]
    said: str = ""

    def ask(self, text: str) -> None:
        """Write a configuration, and ask for it."""
        self.path.write_text(text, encoding="utf-8")
        self.asked.set()

    async def until_said(self, text: str) -> None:
        """Wait until the log or the channel, which is the console, has said so."""

        def heard() -> bool:
            said = self.capsys.readouterr()
            self.said += said.out + said.err
            return text in self.said

        await eventually(heard)


@pytest.fixture
async def reloading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Reloading]:
    path = tmp_path / "watchdog.yaml"
    path.write_text(OBSERVED, encoding="utf-8")
    clock, asked = FakeClock(auto=False), asyncio.Event()
    store = BusyStore(clock)
    async with wired(load(path, {}, tmp_path), clock, store) as app:
        await watching(app)
        app.supervisor.start("engine", app.engine.run)
        app.supervisor.start("reload", lambda: reload_on_demand(app, asked))
        yield Reloading(app, store, path, asked, capsys)


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        (OBSERVED.replace("home:", "start:"), OPEN, "web-1 is open and the signal home of web"),
        (OBSERVED.replace("home:", "start:"), CLOSED, ""),
        (OBSERVED.replace("home:", "hoem: 1\n      home:"), CALM, "hoem"),
        (OBSERVED.replace("docs:", "help:"), OPEN, ""),
    ],
)
async def test_a_refused_reload_keeps_the_old_configuration_and_says_why(
    reloading: Reloading, text: str, state: State, words: str
) -> None:
    """The daemon goes on as it was; an accepted one is in force at once, probes and policy."""
    app, path, before = reloading.app, reloading.path, reloading.app.settings
    app.engine.state = state
    path.write_text(text, encoding="utf-8")
    await reload_settings(app)
    said = reloading.capsys.readouterr().out
    sources = {(service, source.name) for service, source in app.scheduler.sources() if service in text}
    wanted = {(name, signal) for name, service in app.settings.services.items() for signal in service.signals}
    assert sources == wanted and app.engine.policy is app.settings.policy
    if words:
        assert app.settings is before and words in said and "keeping the previous configuration" in said
    else:
        assert app.settings is not before and app.settings.policy == load(path, {}, path.parent).policy


@pytest.mark.parametrize(
    "more", ["silences: 2027-02-31\n", f"x: {'[' * 600}\n", "x: 0x_\n", "".join(f"k{one}: 1\n" for one in range(3000))]
)
async def test_case_59_a_hostile_file_is_a_refusal_that_people_hear_of(reloading: Reloading, more: str) -> None:
    """The task that reloads goes on: the next file is taken, and people are told that this is over."""
    before = reloading.app.settings
    reloading.ask(OBSERVED + more)
    await reloading.until_said("UTC: refused")
    assert reloading.app.settings is before and len(reloading.said) < 40_000
    reloading.ask(OBSERVED.replace("docs", "help"))
    await reloading.until_said("followed by one that was applied")
    assert "help" in reloading.app.settings.services


@pytest.mark.parametrize("numbers", [range(60), pytest.param(range(1000, 11_000), marks=pytest.mark.nightly)])
async def test_case_59_no_hostile_file_is_half_taken(reloading: Reloading, numbers: range) -> None:
    """Refused, with the old configuration in force; or taken where it is a valid one, and the good one after it."""
    app, taken = reloading.app, 0
    for number in numbers:
        before = app.settings
        reloading.path.write_bytes(hostile(number, OBSERVED))
        why = await reload_settings(app)
        assert "a fault of the watchdog" not in why and "internal error" not in why and HALF_TAKEN not in why, number
        assert len(why.splitlines()) <= MISTAKES_MAX and (app.settings is before) == bool(why), number
        if not why:
            taken += 1
            reloading.path.write_text(OBSERVED, encoding="utf-8")
            assert await reload_settings(app) == "", number
    assert 0 < taken < len(numbers) / 2


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
async def test_case_59_what_is_no_file_is_refused_at_once(reloading: Reloading, make: Callable[[Path], None]) -> None:
    """To wait for a pipe would hold up the console, too, and the next reload."""
    reloading.path.unlink()
    make(reloading.path)
    reloading.asked.set()
    await reloading.until_said("no longer a file")
    await reloading.until_said("UTC: refused")


class FaultyOptions(SignalOptions):
    """The options of a kind of signal that cannot be built."""

    faulty: str


def _fails(_name: str, _options: FaultyOptions, _context: Context) -> SignalSource:
    raise KeyError("a fault of its author")


@pytest.fixture
def _faulty(reloading: Reloading) -> Iterator[None]:
    """Write a configuration with a signal of that kind."""
    SIGNALS["faulty"] = SignalKind(FaultyOptions, _fails, lambda name, options: policy(name, "faulty", options))
    text = OBSERVED.replace("front: {http: https://docs.acme.example}", "a: {faulty: a}")
    reloading.path.write_text(text, encoding="utf-8")
    yield
    del SIGNALS["faulty"]


@pytest.mark.usefixtures("_faulty")
async def test_a_reload_that_fails_half_way_is_undone_and_told(reloading: Reloading) -> None:
    """The old policy and the old probes, whatever it was that failed."""
    before = reloading.app.settings
    probes = {(service, source.name) for service, source in reloading.app.scheduler.sources()}
    reloading.asked.set()
    await reloading.until_said("an internal error (KeyError)")
    assert (reloading.app.settings, reloading.app.engine.policy) == (before, before.policy)
    assert {(service, source.name) for service, source in reloading.app.scheduler.sources()} == probes


@pytest.mark.usefixtures("_faulty")
async def test_a_reload_whose_undo_fails_says_that_it_is_half_taken(reloading: Reloading) -> None:
    """The old configuration is not in force then, and nothing but a restart makes it one."""

    def _broken(_name: str) -> list[SignalSource]:
        raise ValueError("and this one too")

    reloading.app.watches.sources = _broken
    why = await reload_settings(reloading.app)
    assert "both failed (KeyError, then ValueError): restart the watchdog" in why


async def test_a_signal_that_comes_while_a_file_is_taken_is_heard(reloading: Reloading) -> None:
    """The file may have changed since it was read."""
    still_set: list[bool] = []

    def _change() -> None:
        reloading.store.meanwhile = None
        still_set.append(reloading.asked.is_set())
        reloading.ask(OBSERVED.replace("docs", "help"))

    reloading.store.meanwhile = _change
    reloading.asked.set()
    await eventually(lambda: still_set)
    assert still_set == [False], "what comes now would be forgotten with the first"
    await eventually(lambda: "help" in reloading.app.settings.services)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OBSERVED, ""),
        (OBSERVED.replace("render: srv-docs", "render: the-docs"), ""),  # by its name, which no command looks up
        (
            OBSERVED.replace("render: srv-docs", "render: srv-docs\n    mode: assist"),
            "docs in observe (the file",
        ),
        (OBSERVED.replace("https://docs.acme", "https://new.acme"), "it runs other settings of docs"),
        (OBSERVED.replace("docs:", "help:"), "it still watches docs; it does not watch help yet"),
        (OBSERVED.partition("  docs:")[0], "it still watches docs"),
        (OBSERVED + "policy: {high: {do: tell}}\n", "it runs other settings of all services"),
    ],
)
async def test_a_command_sees_what_the_daemon_runs_with(reloading: Reloading, text: str, words: str) -> None:
    """Whether the file was refused, or not read yet: the mode shown is the one in force."""
    store, path = reloading.app.store, reloading.path
    path.write_text(text, encoding="utf-8")
    fresh = load(path, KEY, path.parent)
    said, policy = differences_in_force(fresh, await store.running()), in_force(fresh.policy, await store.running())
    assert words in " ".join(said) and bool(said) == bool(words)
    assert {one.mode for one in policy.services.values()} == {Mode.OBSERVE}
    refused = await reload_settings(reloading.app)
    # Its key is not set, or its name is not known: the old one stays in force. Else it is recorded at once.
    assert bool(refused) == ("assist" in text or "the-docs" in text)
    assert bool(differences_in_force(fresh, await store.running())) == ("assist" in text)


@pytest.mark.parametrize("fault", [Displaced(("web",)), Stale(), Temporary("away"), KeyError("ours")])
async def test_a_reload_is_taken_though_new_services_cannot_be_yet(reloading: Reloading, fault: Exception) -> None:
    """The new configuration is in force: nobody is told that the old one stays; the next renewal takes them up."""
    reloading.store.faults["renew_leases"] = fault
    reloading.path.write_text(OBSERVED.replace("docs", "help"), encoding="utf-8")
    assert await reload_settings(reloading.app) == "" and "help" in reloading.app.settings.services
    await reloading.until_said("at the next lease renewal")
    assert "refused" not in reloading.said
    reloading.store.faults.clear()
    await reloading.app.sharing.renew()
    assert "help" in reloading.app.engine.held
