"""The kinds of remedies, and every word that is said of one: what it does, what stays changed, how a person undoes it.

Rule: texts elsewhere take their words from `KINDS`, so that a new kind is one entry here. One that only a newer version
has, as of a worker beside this one, is shown by its name, and nothing is done by it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any


class RemedyKind(StrEnum):
    """A kind of remedy: the word of the configuration. Stores hold the values."""

    FLAG_OFF = "flag_off"
    RESTART = "restart"
    WEBHOOK = "webhook"
    SCALE = "scale"
    MAINTENANCE_MODE = "maintenance_mode"


@dataclass(frozen=True, slots=True)
class KindWords:
    """The words of one kind. `{name}` stands for what it acts on: the flag, as people know it."""

    do: str  # the daemon would first …
    does: str  # the daemon …
    intent: str  # in the story, as it is decided
    to_be: str  # … and the outcome is unknown
    done: str  # a sentence: it is done
    since: str  # the preposition between that sentence and its time
    title: str  # the same in the title of a notice
    brief: str  # the same in few words, for the title of an end
    proved_since: str  # all probes good since …
    noun: str  # nothing is known of …
    no_help: str  # it was done and did not help
    undone: str  # a sentence: it was not done
    already: str  # a sentence: it was so before, so nothing was sent
    whether: str  # … is not known
    look: str  # what a person does where that is not known
    stays: str  # what stays changed while the incident goes on; empty: nothing
    undo: str  # the task at the end: `{since}` with its time, `{when}` it may be undone, what it `{was}`; empty: none
    undo_unknown: str  # the task at the end where it is not known
    late: tuple[str, ...]  # lines of the notice that it was done for an `{incident}` that is over
    step: str  # in the line of an incident's steps
    label: str  # in the list of what was done, with one of the next three
    label_done: str  # it is done
    label_undone: str  # it was not done
    label_already: str  # it was so before
    read_undone: str  # a reason: it was sent, and is read as not done
    read_already: str  # a reason: it was so before
    when_helped: str = ""  # when it may be undone where it helped
    when_not: str = ""  # when it may be undone where it did not help
    before: str = ""  # what notices say of the state before, `{before}`; empty: nothing


KINDS: Mapping[RemedyKind, KindWords] = MappingProxyType(
    {
        RemedyKind.FLAG_OFF: KindWords(
            do="switch feature flag {name} off",
            does="switches feature flag {name} off",
            intent="feature flag {name} -> off",
            to_be="feature flag {name} was to be switched off",
            done="feature flag {name} is off",
            since="since",
            title="feature flag {name} switched off",
            brief="flag {name} is off",
            proved_since="flag {name} was off",
            noun="flag {name}",
            no_help="flag {name} is off and did not help",
            undone="feature flag {name} was not switched off",
            already="feature flag {name} was off already",
            whether="whether feature flag {name} is off",
            look="look in your flag service",
            stays="it stays off until you switch it on",
            undo="Switch feature flag {name}, off{since}, on again in your flag service {when}.",
            undo_unknown="Look in your flag service whether feature flag {name} is off, and switch it on again when "
            "you want it.",
            late=("The daemon switched it off for {incident}, which is over.", "Switch it on again if you want."),
            step="flag off",
            label="Feature flag {name}",
            label_done="off",
            label_undone="not switched off",
            label_already="off already",
            read_undone="it is on",
            read_already="it is off already",
            when_helped="once the code behind it is repaired",
            when_not="when you want it",
        ),
        RemedyKind.RESTART: KindWords(
            do="restart the service",
            does="restarts the service",
            intent="restart of the service",
            to_be="the service was to be restarted",
            done="the service was restarted",
            since="at",
            title="restarted",
            brief="it was restarted",
            proved_since="its restart",
            noun="the restart",
            no_help="the restart did not help",
            undone="the service was not restarted",
            already="the service was restarted already",
            whether="whether the service was restarted",
            look="look at its events on Render",
            stays="nothing of it stays changed",
            undo="Find out what the restart{since} cured: a leak comes back.",
            undo_unknown="Look at the events of the service on Render whether it was restarted: a leak comes back.",
            late=("The daemon restarted it for {incident}, which is over.", "Nothing of it stays changed."),
            step="restarted",
            label="Restart",
            label_done="done",
            label_undone="not done",
            label_already="done already",
            read_undone="it was not restarted",
            read_already="it was restarted already",
        ),
        RemedyKind.WEBHOOK: KindWords(
            do="call webhook {name}",
            does="calls webhook {name}",
            intent="call of webhook {name}",
            to_be="webhook {name} was to be called",
            done="webhook {name} was called",
            since="at",
            title="webhook {name} called",
            brief="webhook {name} was called",
            proved_since="the call of webhook {name}",
            noun="webhook {name}",
            no_help="webhook {name} was called and did not help",
            undone="webhook {name} did nothing",
            already="what webhook {name} does was done already",
            whether="whether webhook {name} did what it is for",
            look="look at what it changes",
            stays="what it changed stays so until you undo it",
            undo="Undo what webhook {name}, called{since}, has changed {when}.",
            undo_unknown="Look whether webhook {name} changed anything, and undo it when you want.",
            late=("The daemon called it for {incident}, which is over.", "Undo what it changed if you want."),
            step="webhook called",
            label="Webhook {name}",
            label_done="called",
            label_undone="did nothing",
            label_already="done already",
            read_undone="what it does is not done",
            read_already="what it does is done already",
            when_helped="once the cause is repaired",
            when_not="when you want",
        ),
        RemedyKind.SCALE: KindWords(
            do="scale the service to {name} instances",
            does="scales the service to {name} instances",
            intent="scaling of the service to {name} instances",
            to_be="the service was to be scaled to {name} instances",
            done="the service was scaled to {name} instances",
            since="at",
            title="scaled to {name} instances",
            brief="it was scaled to {name} instances",
            proved_since="it was scaled to {name} instances",
            noun="the scaling",
            no_help="the scaling to {name} instances did not help",
            undone="the service was not scaled",
            already="the service had {name} instances or more already",
            whether="whether the service was scaled to {name} instances",
            look="look at its scaling on Render",
            stays="it keeps them until you scale it back; a rollback brings the number of its own deploy",
            undo="Scale the service back on Render {when}: it was scaled to {name} instances{since}{was}.",
            undo_unknown="Look on Render whether the service has {name} instances{was}, and scale it back if you want.",
            late=("The daemon scaled it for {incident}, which is over.", "Scale it back on Render if you want{was}."),
            step="scaled",
            label="Scaling to {name} instances",
            label_done="done",
            label_undone="not done",
            label_already="done already",
            read_undone="it has fewer instances",
            read_already="it has {name} instances or more",
            when_helped="once the surge is over",
            when_not="when you want",
            before="it had {before} before",
        ),
        RemedyKind.MAINTENANCE_MODE: KindWords(
            do="switch maintenance mode {name}",
            does="switches maintenance mode {name}",
            intent="maintenance mode {name}",
            to_be="maintenance mode was to be switched {name}",
            done="maintenance mode is {name}",
            since="since",
            title="maintenance mode {name}",
            brief="maintenance mode is {name}",
            proved_since="maintenance mode was {name}",
            noun="maintenance mode {name}",
            no_help="maintenance mode is {name}, and that cures nothing",
            undone="maintenance mode was not switched {name}",
            already="maintenance mode was {name} already",
            whether="whether maintenance mode is {name}",
            look="look at the service on Render",
            stays="the daemon switches it off again",
            undo="Look on Render that maintenance mode is off (it was {name}{since}), {when}.",
            undo_unknown="Look on Render whether maintenance mode is on, and switch it off when you want.",
            late=("The daemon switched it {name} for {incident}, which is over.", "Look at the service on Render."),
            step="maintenance mode",
            label="Maintenance mode {name}",
            label_done="done",
            label_undone="not done",
            label_already="done already",
            read_undone="maintenance mode is not {name}",
            read_already="maintenance mode is {name} already",
            when_helped="once the cause is repaired",
            when_not="when you want",
        ),
    }
)
"""The words of each kind; a test holds that none is missing, and that each sentence reads."""


SHOWN_AS_DEPLOY = frozenset({RemedyKind.RESTART, RemedyKind.SCALE})
"""The kinds that the platform shows, or may show, as a new deploy of the same code."""


NEWER = KindWords(
    do="try remedy {name}",
    does="tries remedy {name}",
    intent="remedy {name}",
    to_be="remedy {name} was to be tried",
    done="remedy {name} is done",
    since="since",
    title="remedy {name} done",
    brief="remedy {name} is done",
    proved_since="remedy {name}",
    noun="remedy {name}",
    no_help="remedy {name} is done and did not help",
    undone="remedy {name} was not done",
    already="what remedy {name} does was done already",
    whether="whether remedy {name} is done",
    look="look at what it changes",
    stays="what it changed stays so until you undo it",
    undo="Look at what remedy {name}, done{since}, changed, and undo it {when}.",
    undo_unknown="Look whether remedy {name} changed anything, and undo it when you want.",
    late=("The daemon did it for {incident}, which is over.", "Undo what it changed if you want."),
    step="remedy",
    label="Remedy {name}",
    label_done="done",
    label_undone="not done",
    label_already="done already",
    read_undone="it is not done",
    read_already="it is done already",
    when_helped="once the cause is repaired",
    when_not="when you want",
)
"""The words of a kind that only a newer version knows."""


def parts(name: str) -> tuple[RemedyKind | None, str]:
    """Return the kind of a remedy and what it acts on, by its name; None and the whole name for a newer version's kind.

    A flag's name is its key alone, which has no colon: stores of the versions with flags alone hold it so.
    """
    kind, colon, acted_on = name.partition(":")
    if not colon:
        return RemedyKind.FLAG_OFF, name
    return (RemedyKind(kind), acted_on) if kind in tuple(RemedyKind) else (None, name)


@cache
def words(name: str) -> KindWords:
    """Return the words of a remedy's kind, with what it acts on in its place."""
    kind, acted_on = parts(name)
    if kind is RemedyKind.MAINTENANCE_MODE:
        acted_on = acted_on.partition("-")[0]  # each request to switch it off has its number
    told = asdict(NEWER if kind is None else KINDS[kind])
    return KindWords(**{key: _filled(text, acted_on) for key, text in told.items()})


def before(name: str, was: str) -> str:
    """Return what notices say of the state before a remedy changed it, in brackets; or ""."""
    said = words(name).before.format(before=was) if was else ""
    return f" ({said})" if said else ""


def _filled(text: Any, acted_on: str) -> Any:
    if isinstance(text, tuple):
        return tuple(_filled(one, acted_on) for one in text)
    return text.replace("{name}", acted_on)
