"""Replays: a story is decided again to the byte; what is not the same is found; what another policy would do."""

import gzip
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.recorded_stories import RecordedStage, story, tape
from watchdog.adapters.recordings.recording_reader import Reader, runs_of
from watchdog.cli.main import main
from watchdog.core.checked_step import checked_step
from watchdog.domain import events as e
from watchdog.domain.effects import PinAutoDeploy
from watchdog.domain.errors import ConfigurationError
from watchdog.domain.incidents import ActiveCritical
from watchdog.domain.policy import Mode, Policy
from watchdog.domain.store_records import Step
from watchdog.replay.comparison import Difference, compare, unknown_from
from watchdog.replay.cost import Cost
from watchdog.replay.recording_replay import Replay, replay

OLDER = sorted((Path(__file__).parent / "of_the_version_before").iterdir())
NAMES = (
    "merges_do_not_ship",
    "disarmed_until_resumed",
    "paused_and_resumed",
    "veto_runs_out",
    "kept_for_a_window",
    "rollback_is_lost",
    "wrong_rollback_is_undone",
    "the_week_is_summed_up_once",
)
"""Stories that differ most in their events and effects; that each of these survives a file is test_codec.py's."""


def taped(folder: Path, *hours: Sequence[Step], run: str = "one") -> Path:
    """Record steps, those of each hour in a file of their own; return the folder."""
    written = tape(folder, run)
    for nth, steps in enumerate(hours):
        written.write(hours[0][0].event.at + 3600.0 * nth, steps)
    written.close()
    return folder


def replayed(folder: Path, other: Callable[[Policy], Policy] | None = None) -> Replay:
    """Replay what lies in a folder."""
    return replay(runs_of([folder]), other)


def observing(policy: Policy) -> Policy:
    """Return the policy with every service only observed."""
    services = {name: replace(one, mode=Mode.OBSERVE) for name, one in policy.services.items()}
    return replace(policy, services=services)


def changed_file(folder: Path, change: Callable[[list[str]], list[str]]) -> Path:
    """Write the one file of a folder anew with other lines."""
    (path,) = folder.iterdir()
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in change(lines)).encode()))
    return path


NOTHING_DONE = re.compile(r'("PinConfirmed"}),"did":"[0-9a-f]+"')


@pytest.mark.parametrize("name", NAMES)
def test_a_story_is_decided_again_to_the_byte(tmp_path: Path, name: str) -> None:
    """Through the file and back: the same effects of each step, the same decisions, to the last digit."""
    told = story(name)
    found = replayed(taped(tmp_path, told.steps))
    assert found.divergence is None
    assert found.events == len(told.steps)
    assert found.old == sorted(told.did, key=lambda one: one.at)


@pytest.mark.parametrize("path", OLDER, ids=lambda path: path.name.split("-", 1)[1])
def test_a_recording_of_the_version_before_is_decided_again(path: Path) -> None:
    """It begins in the middle of an incident, whose reasons are prose there (see stored_prose.py).

    Its hashes hold texts, so of steps that send notices or write notes it compares only that they did something.
    """
    found = replay(runs_of([path]), None)
    assert found.events > 50 and found.divergence is None and len(OLDER) == 3
    (note,) = found.notes
    assert note.startswith(f"{path.name}:1: hashes of watchdog ") and "hold texts" in note and found.partly


def test_a_recording_of_the_version_before_in_two_files_is_decided_again() -> None:
    """The second begins with an incident whose decision lists one veto less than this version's. The first difference
    is that this version probes faster from the moment at which a deploy replaces instances.
    """
    found = replay(runs_of([Path(__file__).parent / "of_the_version_before_in_two_files"]), None)
    assert found.files == 2 and found.partly and len(found.notes) == 1
    assert found.divergence is not None and found.divergence.what.endswith("this version for SetPace")


def test_of_an_earlier_recording_it_is_compared_whether_a_step_did_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rollback that the run did not ask for is found there; of an equal one no more is claimed than was compared."""
    older = next(path for path in OLDER if "rollback-is-refused" in path.name)
    (tmp_path / older.name).write_bytes(older.read_bytes())
    assert main(["lab", "replay", str(tmp_path)]) == 0
    assert "the same decisions as in the run, at every step that can be compared" in capsys.readouterr().out
    changed_file(tmp_path, lambda lines: [NOTHING_DONE.sub(r"\1", line) for line in lines])
    found = replayed(tmp_path)
    assert found.divergence is not None and "Rollback" in found.divergence.what


@pytest.mark.parametrize("name", ["bad_deploy_is_rolled_back", "slow_is_asked_and_approved", "veto_runs_out"])
def test_the_same_policy_makes_no_difference(tmp_path: Path, name: str) -> None:
    """Not even in who is woken when."""
    found = replayed(taped(tmp_path, story(name).steps), lambda policy: policy)
    assert compare(found.old, found.new) == []


def test_what_observe_would_have_done(tmp_path: Path) -> None:
    """It pages at the moment of the rollback, acts never, and is told no outcome of an act that it did not ask for."""
    found = replayed(taped(tmp_path, story("bad_deploy_is_rolled_back").steps), observing)
    differences = compare(found.old, found.new)
    gone = [one.old for one in differences if one.only == "old"]
    assert [one.kind for one in gone if one is not None and one.is_act] == ["pin", "rollback"]
    (page,) = [one.new for one in differences if one.only == "new"]
    (sent,) = [one for one in found.old if one.kind == "rollback"]
    assert page is not None and page.kind == "page" and page.at <= sent.at
    decided, resolved = [one for one in differences if one.only == "changed"]
    assert decided.changed == ("what", "why", "target") and resolved.changed == ("at", "what")
    assert decided.old is not None and decided.new is not None
    assert decided.old.target == sent.target and f"would roll back to {sent.target}" in decided.new.what
    assert (Cost.of(found.old).rollbacks, Cost.of(found.new).rollbacks, Cost.of(found.new).pages) == (1, 0, 1)
    assert unknown_from(differences) == min(one.at for one in found.old if one.is_act)


def announcing(seconds: float) -> Callable[[Policy], Policy]:
    """Return what gives a policy a veto of so many seconds."""

    def other(policy: Policy) -> Policy:
        services = {name: replace(one, veto_seconds=seconds) for name, one in policy.services.items()}
        return replace(policy, services=services)

    return other


def test_another_policy_is_woken_when_it_asked_for_it(tmp_path: Path) -> None:
    """A veto that runs out at a moment at which nobody woke the run: nothing at all happened in those seconds."""
    told = story("bad_deploy_is_rolled_back")
    pins = [any(isinstance(one, PinAutoDeploy) for one in step.effects) for step in told.steps]
    place = pins.index(True)
    pinned = told.steps[place]
    later = e.TimePassed(pinned.event.at + 10.0)
    after, effects, _ = checked_step(pinned.after, later, pinned.policy)
    steps = [*told.steps[: place + 1], Step(pinned.after, later, pinned.policy, after, effects)]
    found = replayed(taped(tmp_path, steps), announcing(0.3))
    assert found.divergence is None
    (moved,) = [one for one in found.new if one.kind == "pin"]
    assert moved.at == pytest.approx(pinned.event.at + 0.3)


def test_an_outcome_comes_as_long_after_the_act_as_in_the_run(tmp_path: Path) -> None:
    """Pinned five seconds later, confirmed five seconds later, refused five seconds later."""
    found = replayed(taped(tmp_path, story("rollback_is_refused").steps), announcing(5.0))
    for kind in ("pin", "rollback"):
        (before,), (after,) = ([one for one in side if one.kind == kind] for side in (found.old, found.new))
        assert after.at == pytest.approx(before.at + 5.0, abs=1.0)
    (moved,) = [one for one in compare(found.old, found.new) if one.old is not None and one.old.kind == "rollback"]
    assert moved.changed[0] == "at" and moved.of_an_act
    (page,) = [one for one in found.new if one.what.startswith("human_needed")]
    assert page.kind == "page" and moved.new is not None and page.at >= moved.new.at


def test_a_decision_that_is_not_the_runs_is_found_at_its_line(tmp_path: Path) -> None:
    """An event that was tampered with decides otherwise; the first such line is named."""
    told = story("bad_deploy_is_rolled_back")
    place = next(nth for nth, step in enumerate(told.steps) if step.effects and nth > 20)
    taped(tmp_path, told.steps)

    def tampered(lines: list[str]) -> list[str]:
        line = json.loads(lines[place + 1])
        assert line["did"]
        return [*lines[: place + 1], json.dumps({**line, "did": "0" * 16}), *lines[place + 2 :]]

    path = changed_file(tmp_path, tampered)
    found = replayed(tmp_path)
    assert found.divergence is not None
    assert found.divergence.where == f"{path.name}:{place + 2}"
    assert found.divergence.at == told.steps[place].event.at


def test_other_words_are_no_other_decision_and_what_the_run_did_not_ask_for_is_found(tmp_path: Path) -> None:
    """A failure that a version words anew; a step whose effects this version does not come to, or comes to beside."""
    taped(tmp_path, story("bad_deploy_is_rolled_back").steps)
    changed_file(tmp_path, lambda lines: [line.replace('"HTTP 503"', '"HTTP 504"') for line in lines])
    assert replayed(tmp_path).divergence is None
    changed_file(tmp_path, lambda lines: [NOTHING_DONE.sub(r"\1", line) for line in lines])
    assert replayed(tmp_path).divergence is not None


def test_what_changed_without_an_event_is_taken_over(tmp_path: Path) -> None:
    """Another worker pauses, notes a trouble and takes a service: the replay knows, and so does the other policy."""
    told = story("bad_deploy_is_rolled_back")
    first, second, *_ = told.steps
    services = {"shop": replace(first.after.services["web"], name="shop"), **first.after.services}
    troubles = {"shop": ActiveCritical("shop", first.event.at)}
    state = replace(first.after, paused_by="ann", troubles=troubles, services=services, unseen=True)
    event = e.TimePassed(second.event.at)
    taped(tmp_path, [first, Step(state, event, second.policy, state, ())])
    found = replayed(tmp_path, observing)
    assert found.divergence is None
    (note,) = found.notes
    assert note == "the state changed without an event (another worker, the store), and so it was taken over: 1 x"
    (line,) = [line for line in Reader(next(tmp_path.iterdir())) if type(line).__name__ == "Changed"]
    assert line.names == ("shop", "web") and line.shared is not None and line.fleet is not None  # type: ignore[union-attr]
    assert [one.name for one in line.services] == ["shop"]  # type: ignore[union-attr]


def two_files(folder: Path, told: RecordedStage) -> list[Path]:
    """Record a story as two files, the second of which goes on where the first ends."""
    half = len(told.steps) // 2
    return sorted(taped(folder, told.steps[:half], told.steps[half:]).iterdir())


def test_files_of_a_run_are_replayed_as_one(tmp_path: Path) -> None:
    """However they are named; the other policy does not begin anew in between.

    A file alone begins with the state. The head of each file checks all that came before it: a state that is not where
    the last file ended is found.
    """
    told = story("bad_deploy_is_rolled_back")
    first, second = two_files(tmp_path, told)
    found = replay(runs_of([second, first, tmp_path]), observing)
    assert (found.divergence, found.files, found.events, found.notes) == (None, 2, len(told.steps), [])
    assert not [one for one in found.new if one.is_act]
    assert replayed(second).divergence is None
    lines = gzip.decompress(second.read_bytes()).decode().replace('"paused_by":""', '"paused_by":"ann"', 1)
    second.write_bytes(gzip.compress(lines.encode()))
    found = replay(runs_of([first, second]))
    assert found.divergence is not None and found.divergence.where == f"{second.name}:1"


def test_a_file_that_is_missing_in_between_is_missed_in_words(tmp_path: Path) -> None:
    """What comes after it is replayed all the same."""
    told = story("bad_deploy_is_rolled_back")
    thirds = (told.steps[nth * len(told.steps) // 3 : (nth + 1) * len(told.steps) // 3] for nth in range(3))
    one, two, three = sorted(taped(tmp_path, *thirds).iterdir())
    two.unlink()
    found = replay(runs_of([one, three]))
    assert found.divergence is None and "missing before this file" in found.notes[0]


def test_runs_are_replayed_one_after_the_other(tmp_path: Path) -> None:
    """Two starts of the daemon, or two workers, in one folder."""
    taped(tmp_path, story("blip_is_let_pass").steps, run="a")
    taped(tmp_path, story("observe_only_says").steps, run="b")
    found = replayed(tmp_path)
    assert (found.divergence, found.files) == (None, 2)


def test_a_torn_end_is_no_mistake(tmp_path: Path) -> None:
    """Killed in the middle of a write: what is whole is replayed."""
    told = story("bad_deploy_is_rolled_back")
    (path,) = taped(tmp_path, told.steps).iterdir()
    path.write_bytes(path.read_bytes()[:-200])
    found = replayed(tmp_path)
    assert found.divergence is None and 0 < found.events < len(told.steps)


def head(shape: int, version: str) -> bytes:
    """Return a file that is the first line of a recording, of that shape and version."""
    return gzip.compress(f'{{"recording":{shape},"watchdog":"{version}"}}\n'.encode(), mtime=0)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (b"not gzip", "x.jsonl.gz", "not a recording"),
        (gzip.compress(b"[]\n", mtime=0), "x.jsonl.gz:1", "not a recording"),
        (head(9, "7.0"), "x.jsonl.gz:1", "this version reads 1 and 2 -> replay it with watchdog 7.0"),
        (head(1, "0"), "x.jsonl.gz:1", "not a line of a recording"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(
    tmp_path: Path, text: bytes, where: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the file, the line, and what to do; exit code 2."""
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(text)
    with pytest.raises(ConfigurationError) as refused:
        replayed(path)
    assert str(refused.value).startswith(f"{where}: ") and words in str(refused.value)
    assert main(["lab", "replay", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    """In the middle of a file that is otherwise fine."""
    taped(tmp_path, story("blip_is_let_pass").steps)
    path = changed_file(tmp_path, lambda lines: [*lines[:5], '{"event":{"at":1}}', *lines[6:]])
    with pytest.raises(ConfigurationError, match=f"{path.name}:6: not a line of a recording"):
        replayed(tmp_path)


def test_a_folder_without_recordings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And so is a command without any."""
    assert main(["lab", "replay", str(tmp_path)]) == 2
    assert "no recording in this folder" in capsys.readouterr().err
    assert main(["lab", "replay"]) == 2
    assert "no recording named" in capsys.readouterr().err


def test_a_run_that_decided_otherwise_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says where."""
    taped(tmp_path, story("bad_deploy_is_rolled_back").steps)
    path = changed_file(tmp_path, lambda lines: [line.replace('"aaaaaaa1"', '"aaaaaaa9"') for line in lines])
    assert main(["lab", "replay", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert f"OTHER DECISIONS than in the run, first at {path.name}:" in printed
    assert main(["lab", "replay", str(tmp_path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["same"] and told["divergence"]["where"].startswith(path.name)


def test_differences_are_in_the_order_of_time() -> None:
    """Also of what is only in one."""
    told = story("bad_deploy_is_rolled_back")
    found: list[Difference] = compare(told.did, told.did[1:])
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert compare([], []) == [] and unknown_from([]) is None
