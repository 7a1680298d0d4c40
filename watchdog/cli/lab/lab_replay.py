"""`watchdog lab replay`: the decisions of a recording, and those of another policy, in words or as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchdog.cli.command_context import Context, usage_error
from watchdog.cli.options import AsJson, Flag, It

if TYPE_CHECKING:
    from watchdog.app.commands.replay_run import ReplayResult
    from watchdog.presentation.step_actions import StepAction
    from watchdog.replay.comparison import Difference
    from watchdog.replay.cost import Cost
    from watchdog.replay.recording_replay import Replay

MARKS = {"old": "-", "new": "+", "changed": "~"}
OPEN_LOOP = "from here on the recording shows the consequences of the old policy, so what follows is unknown"


async def replay(
    *recordings: Path,
    since_upgrade: Flag = False,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Replay recordings: the same decisions? With --config NEW: the actions of that policy, with times and reasons.

    The daemon keeps them in recordings/ beside its store. Without --config, the exit code is 0 only if this version
    decides as the run did, at every step.

    With --since-upgrade: decisions of earlier versions in the last 30 days, made again by this one with the policy of
    then; the exit code is 0 only if they are the same. The daemon does so by itself after an upgrade.

    Parameters
    ----------
    recordings
        Files of recordings, or folders of them. With --since-upgrade, by default the configuration's folder.
    since_upgrade
        Compare this version with earlier ones.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.replay_run import answer
    from watchdog.cli import output
    from watchdog.settings.load.load import load

    if since_upgrade:
        return _since_upgrade([ctx.cwd / path for path in recordings], ctx, as_json=as_json)
    if not recordings:
        usage_error(
            "lab replay", "no recording named", "name files, or the folder recordings/ beside the daemon's store"
        )
    # A replay calls no vendor, so no key is needed.
    # Nor does a watchdog.yaml in this folder count unasked: without --config the recorded policy decides.
    settings = load(ctx.config, ctx.environ, ctx.cwd, secretless=True) if ctx.config is not None else None
    found = answer([ctx.cwd / path for path in recordings], settings)
    if as_json:
        output.show_record(json_object(found))
    else:
        output.show_lines(list(lines(found)))
    # With another policy, differences are the answer that was asked for.
    return output.FAILED if found.replay.divergence is not None and settings is None else output.DONE


def _since_upgrade(paths: Sequence[Path], ctx: Context, *, as_json: bool) -> int:
    from watchdog.app.commands.upgrade_replay import decided_again
    from watchdog.cli import output
    from watchdog.cli.lab import upgrade_text
    from watchdog.settings.load.load import load

    # The configuration only names the folder: each recording brings the policy of its time.
    found = decided_again(paths, None if paths else load(ctx.config, ctx.environ, ctx.cwd, secretless=True))
    if as_json:
        output.show_record(upgrade_text.json_object(found))
    else:
        output.show_lines([upgrade_text.title(found), "", *upgrade_text.lines(found)])
    return output.DONE if found.is_same else output.FAILED


def json_object(found: "ReplayResult") -> Mapping[str, Any]:
    """Return the result for machines."""
    from watchdog.replay.cost import Cost

    replayed, divergence = found.replay, found.replay.divergence
    answer: dict[str, Any] = {
        "files": replayed.files,
        "events": replayed.events,
        "began_at": replayed.began_at,
        "ended_at": replayed.ended_at,
        "same": divergence is None,
        "divergence": {name: getattr(divergence, name) for name in divergence.__slots__} if divergence else None,
        "decisions": [one.json_object() for one in replayed.old],
        "cost": Cost.of(replayed.old).json_object(),
        "notes": replayed.notes,
    }
    if found.differences is not None:
        answer["new"] = {
            "decisions": [one.json_object() for one in replayed.new],
            "cost": Cost.of(replayed.new).json_object(),
        }
        answer["differences"] = [one.json_object() for one in found.differences]
        answer["unknown_from"] = found.unknown_from
    return answer


def lines(found: "ReplayResult") -> Iterator[str]:
    """Yield the result in words."""
    yield _what_was_replayed(found.replay)
    yield from (f"note: {note}" for note in found.replay.notes)
    yield ""
    if found.differences is None:
        yield from (_doing(one) for one in found.replay.old)
        yield from _verdict(found.replay)
    else:
        yield from _diff(found, found.differences)


def _what_was_replayed(replayed: "Replay") -> str:
    from watchdog.presentation.text import moment

    if replayed.began_at is None:
        return f"{replayed.files} files, no event"
    span = f"{moment(replayed.began_at)} to {moment(replayed.ended_at)}"
    return f"{replayed.files} files, {replayed.events} events, {span}"


def _verdict(replayed: "Replay") -> Iterator[str]:
    from watchdog.replay.cost import Cost

    yield "" if replayed.old else "Nothing was decided."
    yield f"cost: {_cost(Cost.of(replayed.old))}"
    if replayed.divergence is None:
        yield f"the same decisions as in the run, at every step{' that can be compared' if replayed.partly else ''}"
    else:
        yield from _diverged(replayed)


def _diverged(replayed: "Replay") -> Iterator[str]:
    from watchdog.presentation.text import moment

    first = replayed.divergence
    if first is not None:
        yield f"OTHER DECISIONS than in the run, first at {first.where} ({moment(first.at)}): {first.what}"
        yield "this version of the watchdog, or the file, is not the one of the run"


def _diff(found: "ReplayResult", differences: Sequence["Difference"]) -> Iterator[str]:
    from watchdog.replay.cost import Cost

    unknown_from = found.unknown_from
    for one in differences:
        yield from _difference(one)
        # Once, at the first act that differs: from there on the recorded world answers the other policy.
        if unknown_from is not None and one.of_an_act and one.at == unknown_from:
            yield f"      {OPEN_LOOP}"
            unknown_from = None
    if not differences:
        yield "no difference: both policies decide the same"
    yield ""
    yield f"cost of the old: {_cost(Cost.of(found.replay.old))}"
    yield f"cost of the new: {_cost(Cost.of(found.replay.new))}"
    yield from _diverged(found.replay)


def _difference(one: "Difference") -> Iterator[str]:
    mark = MARKS[one.only]
    if one.old is not None and one.new is not None:
        yield f"{mark} {', '.join(one.changed)}: old {_doing(one.old)}"
        yield f"{'':{len(mark) + len(', '.join(one.changed)) + 3}}new {_doing(one.new)}"
    else:
        shown = one.old or one.new
        yield f"{mark} only {one.only}: {_doing(shown) if shown is not None else ''}"


def _doing(one: "StepAction") -> str:
    """Return `2026-11-25 02:14:52 UTC  web web-1  rollback to dep-40: …`."""
    from watchdog.presentation.text import clean, moment

    where = f" -> {one.target}" if one.target else ""
    why = f": {one.why}" if one.why else ""
    return clean(f"{moment(one.at)}  {one.service} {one.incident}  {one.kind.upper()} {one.what}{where}{why}", 600)


def _cost(cost: "Cost") -> str:
    delay = f", decided {cost.delay_seconds_mean:.0f} s after the onset" if cost.delay_seconds_mean is not None else ""
    return (
        f"{cost.rollbacks} rollbacks, {cost.pages} pages, {cost.notices} other notices, "
        f"{cost.incidents} incidents{delay}"
    )
