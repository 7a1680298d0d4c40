"""A whole run, recorded and replayed: the same decisions at every step, and what another policy would have done."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import answer as typed
from tests.support.canaries import hits_in
from tests.support.clocks import eventually
from tests.support.daemon_processes import SHORT, watching
from watchdog.adapters.recordings.recording_format import HandledEvent, Head
from watchdog.adapters.recordings.recording_reader import Reader
from watchdog.app.commands.replay_run import ReplayResult, answer
from watchdog.app.compose.composition import App, build
from watchdog.app.compose.daemon_run import finish, start
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.presentation.step_actions import StepAction, actions
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.site.behaviours import behaviour
from watchdog.settings.load.load import load

pytestmark = pytest.mark.long


async def bad_deploy(folder: Path) -> tuple[App, list[StepAction]]:
    """Live through a bad deploy, with the statistics shortened, to an end in good order; return the daemon's doings."""
    did: list[StepAction] = []
    async with Sandbox(rollback_seconds=1.0) as sandbox:
        path = write_config(folder, sandbox.urls, more=SHORT)
        app = build(load(path, {}, folder), SystemClock(), on_error=lambda name, error: None)
        app.engine.listeners.stepped.append(
            lambda before, after, event, effects: did.extend(actions(before, after, effects, event.at))
        )
        await start(app)
        try:
            await eventually(lambda: _is_watching(app))
            sandbox.cloud.deploy(behaviour=behaviour("error", after_seconds=0.0), build_seconds=0.2, update_seconds=0.2)
            await eventually(lambda: _is_over(did) and not app.outbox.waiting)
        finally:
            await finish(app)
    return app, did


def _is_watching(app: App) -> bool:
    web = app.engine.state.services.get("web")
    return web is not None and web.live == "dep-40" and len(web.checks) >= 2


def _is_over(did: list[StepAction]) -> bool:
    return any(one.what.startswith("resolved") for one in did)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[StepAction]]:
    """The folder of a daemon that rolled a bad deploy back, and what it did."""
    folder = tmp_path_factory.mktemp("guard")
    app, did = asyncio.run(bad_deploy(folder))
    assert [one.target for one in did if one.kind == "rollback"] == ["dep-40"]
    assert app.recorder is not None and app.recorder.trouble == ""
    return folder, did


def other(folder: Path, *pairs: tuple[str, str]) -> Path:
    """Write the configuration once more with pieces replaced, without secrets beside it."""
    text = (folder / "watchdog.yaml").read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path = folder / "other" / "new.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def against(folder: Path, *pairs: tuple[str, str]) -> ReplayResult:
    path = other(folder, *pairs)
    return answer([folder / "recordings"], load(path, {}, path.parent, secretless=True))


def test_the_same_decisions_at_every_step(guarded: tuple[Path, list[StepAction]]) -> None:
    """Every step's effects hash alike; what is replayed is what the run did, to the last letter and digit."""
    folder, did = guarded
    found = answer([folder / "recordings"], None)
    assert found.replay.old == sorted(did, key=lambda one: one.at)
    assert found.replay.divergence is None and found.replay.events > 50
    (decided, *_) = [one for one in found.replay.old if one.kind == "decided"]
    assert (decided.service, decided.incident, decided.target) == ("web", "web-1", "dep-40")
    assert decided.what.startswith("rollback (critical)") and decided.why
    (sent,) = [one for one in found.replay.old if one.kind == "rollback"]
    assert (sent.target, sent.service) == ("dep-40", "web")
    assert [one.kind for one in found.replay.old if one.is_act] == ["pin", "rollback"]


def test_the_recording_holds_every_decision_of_the_run(guarded: tuple[Path, list[StepAction]]) -> None:
    """The end of the recording is the state that the journal has: nothing was left out."""
    (reader,) = [Reader(path) for path in (guarded[0] / "recordings").iterdir()]
    head, *rest = reader
    assert isinstance(head, Head) and not head.follows and head.part == 1
    told = [line for line in rest if isinstance(line, HandledEvent)]
    assert {"Observed", "DeploysListed", "ControlChecked", "Restarted", "PinConfirmed", "RollbackAccepted"} <= {
        type(one.event).__name__ for one in told
    }
    assert not reader.torn


def test_killed_in_the_middle_both_runs_are_replayed(tmp_path: Path) -> None:
    """kill -9 with a rollback on its way: the first recording ends torn, the second begins with what was saved."""
    with watching(tmp_path, quirks=True, rollback_seconds=2.0) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until(lambda: cloud.log("rollback_accepted"))
        daemon.until(lambda: daemon.metric("watchdog_recorded_steps_total", outcome="written"))
        daemon.kill()
        daemon.start()
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        daemon.stop()
        done = daemon.cli("lab", "replay", "recordings", "--json", config=None)
        found = answer([cloud.folder / "recordings"], None).replay
        assert (found.divergence, found.files) == (None, 2)
        assert [one.what for one in found.old if one.what.startswith("resolved")]
        assert done.returncode == 0 and json.loads(done.stdout)["differences"] == []


def test_observe_would_have_touched_nothing(guarded: tuple[Path, list[StepAction]]) -> None:
    """The pin and the rollback are only in the old; the decision is another; from then on the world is not known."""
    found = against(guarded[0], ("mode: autonomous", "mode: observe"))
    assert found.differences is not None and found.replay.divergence is None
    gone = [one.old.kind for one in found.differences if one.only == "old" and one.old is not None and one.old.is_act]
    assert gone == ["pin", "rollback"]
    (decided,) = [one for one in found.differences if one.only == "changed" and one.old and one.old.kind == "decided"]
    assert decided.old is not None and decided.new is not None
    assert decided.old.at == decided.new.at and "what" in decided.changed and "would" in decided.new.what
    assert not [one for one in found.replay.new if one.is_act]
    (pin,) = [one for one in found.replay.old if one.kind == "pin"]
    assert found.unknown_from == pin.at


def test_the_same_policy_makes_no_difference(guarded: tuple[Path, list[StepAction]]) -> None:
    """Also when it is told what it did not ask to be told."""
    found = against(guarded[0])
    assert found.differences == [] and found.replay.new == found.replay.old


def test_a_service_that_is_named_has_the_id_of_the_recording(guarded: tuple[Path, list[StepAction]]) -> None:
    """Nobody asks Render for it; one that the recording does not know is named as such."""
    found = against(guarded[0], ("render: srv-web", "render: shop-frontend"))
    assert found.differences == []
    other_name = against(guarded[0], ("  web:\n", "  shop:\n"))
    assert other_name.replay.notes == [
        "shop is not in the recording: nothing is known of it",
        "web is not in the new configuration: nothing is done about it",
    ]
    assert other_name.replay.new == []


def test_no_key_is_in_a_recording(guarded: tuple[Path, list[StepAction]]) -> None:
    """The policy has none, events and states neither; whoever reads the folder is its owner."""
    assert list((guarded[0] / "recordings").glob("*.jsonl.gz")) and list(hits_in(guarded[0] / "recordings")) == []
    assert (guarded[0] / "recordings").stat().st_mode & 0o777 == 0o700


def test_a_veto_is_waited_for_in_the_other_policy(guarded: tuple[Path, list[StepAction]]) -> None:
    """It asks to be woken at a moment at which nobody woke the run, and acts then."""
    found = against(guarded[0], ("mode: autonomous", "mode: autonomous\n    veto: 2s"))
    kinds = [one.what.partition(":")[0] for one in found.replay.new if one.kind in ("page", "tell")]
    assert "announced" in kinds
    (sent,) = [one for one in found.replay.old if one.kind == "rollback"]
    assert found.unknown_from is not None and found.unknown_from <= sent.at


def test_typed(
    guarded: tuple[Path, list[StepAction]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0 and words; with --config the diff, without any secret; JSON for machines."""
    monkeypatch.chdir(guarded[0])
    for name in [name for name in os.environ if name.startswith("WATCHDOG_")]:
        monkeypatch.delenv(name)
    printed = typed(capsys, "lab", "replay", "recordings")
    assert "the same decisions as in the run, at every step" in printed
    assert "ROLLBACK roll back away from dep-42 -> dep-40" in printed
    new = str(other(guarded[0], ("mode: autonomous", "mode: observe")))
    printed = typed(capsys, "lab", "replay", "recordings", "--config", new)
    assert "- only old: " in printed and "~ what" in printed and "what follows is unknown" in printed
    told = json.loads(typed(capsys, "lab", "replay", "recordings", "--config", new, "--json"))
    assert told["same"] and told["cost"]["rollbacks"] == 1 and told["new"]["cost"]["rollbacks"] == 0
    assert told["unknown_from"] == min(one["old"]["at"] for one in told["differences"] if one["only"] == "old")
