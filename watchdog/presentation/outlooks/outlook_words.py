"""The sentences of an outlook: what the daemon does next, and when. Pure.

Rule: a sentence promises only what the daemon does without further input from people.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from watchdog.core.phases.paged import vetoed_by_platform
from watchdog.core.phases.rollback_request import PUT_OFF_SECONDS
from watchdog.domain.decisions import GuardAnswer, Verdict
from watchdog.domain.incident_parts import Rebuild
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Then
from watchdog.domain.units import show_seconds
from watchdog.presentation.block_words import NO_SUSPECT, UNREAD, Block, block_of
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.situation import Situation, asks_after_outage, blocking, situation
from watchdog.presentation.text import clean, percent, sentence, short, show_likely

Words = Callable[[Case], str]
JUST_NOW_SECONDS = 15.0
"""A decision that is older says when it was made."""

NOT_REBUILT: Mapping[Rebuild | None, str] = MappingProxyType(
    {
        Rebuild.CONFIGURATION: "; its commit is not rebuilt, as a build takes the configuration that is to blame",
        Rebuild.NOT_IN_POLICY: "; its commit is not rebuilt, as the policy says redeploy_commit: false",
    }
)
"""Why the commit of a target without an artefact is not built anew, where that needs to be known."""


def with_next_page(happens: Words) -> Words:
    """Return the words, followed by when the daemon pages again, or that it does so for a new reason only."""
    return lambda case: f"{happens(case)}{_next_page(case) or _only_for_news(case)}"


def _next_page(case: Case) -> str:
    """Return when the next step of the escalation is due; nothing where none is known."""
    due, by = case.incident.escalation.next_call_at, case.incident.escalation.acknowledged_by
    if due is None or case.now >= due or case.incident.muted or not case.incident.channels:
        return ""
    deadline = case.incident.question.deadline
    if by is not None and situation(case.incident) is Situation.QUESTION and deadline and due == deadline.due_at:
        # The sentence before names that moment and that page.
        return ""
    named = clean(case.incident.escalation.next_call_name)
    if case.incident.escalation.all_called:
        return f" No step of the escalation is in its hours; the daemon looks again at {case.at(due)}."
    if by is not None:
        also = f", and {named}," if named else ""
        again = f"The daemon pages everyone again{also} at {case.at(due)} if it is still open"
        return f" {again}: {clean(by)}'s acknowledgement ends then."
    # The sentence before names a later moment: the reader learns which of the two comes first.
    asks_at = clears_at(case.incident) if situation(case.incident) is Situation.ASKS_LATER else None
    when = "Before that the daemon" if asks_at is not None and due < asks_at else "The daemon"
    return f" {when} pages {named or 'everyone again'} at {case.at(due)}, unless a person acknowledges it first."


def names_holder(case: Case) -> bool:
    """Return whether the sentence says until when the acknowledgement holds, or what it keeps the daemon from."""
    deadline, found = case.incident.question.deadline, situation(case.incident)
    due = deadline.due_at if deadline is not None and not case.incident.late_paged else None
    if found in (Situation.REJECTED, Situation.STOPPED):
        return True
    if found is Situation.QUESTION and due is not None and _holds_until(case, due):
        return deadline is not None and deadline.then is Then.ESCALATE
    return case.incident.escalation.acknowledged_by is not None and bool(_next_page(case))


def _only_for_news(case: Case) -> str:
    incident = case.incident
    if not incident.channels:
        return " The policy names no channel for its severity: the daemon pages no one."
    if incident.muted or case.incident.escalation.next_call_at is not None:
        return ""
    changes = "" if incident.human_needed else " or the daemon decides again"
    return f" No further page is sent, unless it gets worse{changes}."


def question(case: Case) -> str:
    """Return the question, its deadline, and what follows without an answer."""
    deadline, by = case.incident.question.deadline, clean(case.incident.escalation.acknowledged_by)
    due = deadline.due_at if deadline is not None else None
    if deadline is None or due is None:
        said = f"{_capital(case.way_back.do)}? Without an answer the daemon changes nothing."
        return with_next_page(lambda _: said)(case)
    if case.incident.late_paged:
        said = f"{_capital(case.way_back.do)}? No answer came by {case.at(due)}; the daemon still waits for one."
        return with_next_page(lambda _: said)(case)
    pages = "then pages again, unless it is still silenced" if case.incident.muted else "then pages again"
    then = {
        Then.ROLLBACK: f"then {case.way_back.does}, {case.if_allowed}",
        Then.ESCALATE: f"then changes nothing: {by} acknowledged it" if _holds_until(case, due) else pages,
        Then.NOTHING: "then changes nothing",
    }[deadline.then]
    # Where the acknowledgement lasts until then, the deadline is the next moment.
    next_page = "" if _holds_until(case, due) else _next_page(case)
    return f"{_capital(case.way_back.do)}? Waits for an answer until {case.at(due)}, {then}.{next_page}"


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _holds_until(case: Case, moment: float) -> bool:
    """Return whether the incident is acknowledged, and still will be at that moment (UTC epoch seconds)."""
    escalation = case.incident.escalation
    ends = escalation.next_call_at
    return escalation.acknowledged_by is not None and (ends is None or moment < ends)


def announced(case: Case) -> str:
    """Return when the announced rollback is sent, or that it is not."""
    if case.state.stopped:
        return _not_sent(case)
    rolls_back = f"{_capital(case.way_back.does)}{case.by(case.incident.announced_until, 'at')}, unless stopped"
    return f"{rolls_back}, if {case.service} still fails and nothing forbids it."


def scheduled(case: Case) -> str:
    """Return when the approved rollback is sent, or since when it is due."""
    until, who = case.incident.announced_until, clean(case.incident.question.approved_by)
    if case.state.stopped:
        return _not_sent(case)
    if until is not None and case.now >= until and case.incident.rollback.blocked_since is not None:
        return f"The {case.way_back.noun}, approved by {who}, is due since {case.at(until)}, and not sent yet."
    opens = f" as the window {clean(case.state.window)} opens" if case.state.window else ""
    rolls_back = f"{_capital(case.way_back.does)}{case.by(until, 'at')}{opens}, approved by {who}"
    return f"{rolls_back}, if {case.service} still fails and nothing forbids it."


def sending(case: Case) -> str:
    """Return since when the rollback is about to be sent, or could not be, and when the daemon goes on."""
    rollback, decision, by = case.incident.rollback, case.incident.decision, case.state.sends_by
    if case.state.stopped:
        return _not_sent(case)
    if rollback.blocked_since is not None:
        since = f"due since {case.at(rollback.blocked_since)}"
        waits = show_seconds(max(0.0, case.now - rollback.blocked_since))
        again = f"The daemon tries again with the next failed probe{_gives_up(case, rollback.blocked_since)}."
        return f"{_capital(case.way_back.doing)}: {since} ({waits}), not sent yet. {again}"
    since = case.by(decision.at if decision is not None else None, "since")
    anyway = ""
    if by is not None and case.now < by:
        anyway = f" If Render has not confirmed auto-deploy by {case.at(by)}, the daemon sends the rollback anyway."
    how = "the daemon switches auto-deploy off, then sends the rollback"
    return f"{_capital(case.way_back.doing)}{since}: {how}.{anyway}"


def _not_sent(case: Case) -> str:
    """Return that nothing is sent while the daemon is paused or disarmed, and that it then leaves the rollback to you;
    one that waits for its window waits for the next one."""
    said = f"The {case.way_back.noun} is not sent while the daemon is {clean(case.state.stopped)}"
    if situation(case.incident) is Situation.SCHEDULED:
        return f"{said}, also if its time comes{case.by(case.incident.announced_until, 'at')}."
    announced = situation(case.incident) is Situation.ANNOUNCED
    due = case.by(case.incident.announced_until, "before") if announced else " in time"
    return f"{said}. Unless it is resumed{due}, the rollback is left to you."


def _gives_up(case: Case, since: float) -> str:
    """Return until when a rollback that could not be sent is tried again; nothing once that is past."""
    until = since + PUT_OFF_SECONDS
    return f", and leaves it to you from {case.at(until)} on" if case.now < until else ""


def requested(case: Case) -> str:
    """Return since when Render owes an answer, and when people are paged without one."""
    at, pages = case.by(case.incident.rollback.requested_at, "at"), _pages_if_late(case, "no answer comes by then")
    return f"Asked Render to {case.way_back.do}{at}; no answer yet{_usually(case)}.{pages}"


def _usually(case: Case) -> str:
    """Return how long the rollbacks of this service usually take, if it had one."""
    asked, expected = case.incident.rollback.requested_at, case.incident.rollback.expected_at
    if asked is None or expected is None:
        return ""
    return f", usually live within {show_seconds(max(1.0, expected - asked))}"


def _pages_if_late(case: Case, unless: str) -> str:
    """Return when people are paged; nothing where they would not be: no channel, a silence, or that moment is past."""
    at = case.incident.rollback.overdue_at
    if at is None or case.now >= at or not _may_page(case):
        return ""
    return f" The daemon pages at {case.at(at)} if {unless}."


def _may_page(case: Case) -> bool:
    # Without a channel: a person began this rollback in an incident that the policy only records.
    return bool(case.incident.channels) and not case.incident.muted


def deploying(case: Case) -> str:
    """Return since when Render deploys the target, and when people are paged if it is not live."""
    rollback = case.incident.rollback
    asked, deploy = case.by(rollback.requested_at, "since"), clean(rollback.deploy)
    what = case.way_back.does if rollback.rebuilds else f"deploys {case.target} again"
    how = f"Render {what}{asked}, as {deploy}{_usually(case)}"
    return f"{how}; the daemon verifies it once live.{_pages_if_late(case, 'it is not live by then')}"


def verifying(case: Case) -> str:
    """Return since when the target is live, whether the site answers, and when the proof is due."""
    rollback = case.incident.rollback
    expected = rollback.expected_at
    # While it still fails the proof has not begun: that moment is too early by as long as it goes on.
    known = expected is not None and case.now < expected and case.state.fails is None
    earliest = f", at {case.at(expected)} at the earliest" if known else ""
    proof = f"The incident ends once fresh probes prove the recovery{earliest}."
    pages = _pages_if_it_fails(case) or _pages_if_late(case, "it is not proved by then")
    return f"{case.live}{_answers(case)}. {proof}{pages}"


def _answers(case: Case) -> str:
    """Return whether the site answers now, by the newest readings since the rollback is live."""
    bad, since = case.state.fails, case.state.answers_since
    if bad is not None:
        return f", but {clean(bad.signal)} still fails: {clean(bad.text).rstrip('.')}"
    good = [clean(one.signal) for one in case.state.readings if one.verdict == "good"]
    if not good:
        return ""
    how = f"again since {case.at(since)}" if since is not None else "now"
    return f", and {case.service} answers {how} ({', '.join(good)})"


def _pages_if_it_fails(case: Case) -> str:
    """Return when a failure that goes on is confirmed: the daemon then pages at once, before the proof is overdue."""
    if case.state.confirms is None or not _may_page(case):
        return ""
    name, at = case.state.confirms
    # A time of day without seconds would be over before it is read.
    when = f"in {show_seconds(at - case.now)}" if case.now < at else "with its next failed probe"
    return f" If {clean(name)} goes on failing, the daemon pages {when}."


def _veto(case: Case) -> str:
    """Return the first reason that alone forbids blaming the deploy; empty if none does."""
    decision = case.incident.decision
    vetoed = decision.blame.vetoed if decision is not None and decision.blame is not None else ()
    return clean(vetoed[0].why).rstrip(".") if vetoed else ""


def blocked_why(case: Case) -> str:
    """Return the reason of the last decision, as it was recorded."""
    decision = case.incident.decision
    return clean(decision.why).rstrip(".") if decision is not None else ""


def blocked(case: Case) -> str:
    """Return why the rollback is not sent, and what follows."""
    block, asked = blocking(case.incident), case.incident.question.asked_at is not None
    acknowledged, words = case.incident.escalation.acknowledged_by, blocking_words(case)
    others = [one for one in case.blocks if one is not block]
    then, passes = case.named(words.then), _passes(case, words)
    if passes:
        then = passes
    elif case.incident.unhindered:
        then = "That is over: the daemon has decided again, and rolls nothing back by itself unless it gets worse."
    elif situation(case.incident) is Situation.ASKS_LATER and block is not None:
        decision = case.incident.decision
        # What only asks for now keeps the question back, too (paged._may_ask_now).
        waits = others or case.state.stopped or (decision is not None and decision.asks_for_now)
        free = " and nothing else forbids it" if waits else ""
        then = f"The daemon asks again{case.by(block.clears_at, 'at')}, if {case.service} still fails{free} then."
    elif block is not None and block.clears_at is not None and acknowledged is not None:
        then = f"{clean(acknowledged)} acknowledged it, so the daemon does not ask while {clean(acknowledged)} has it."
    elif block is not None and block.clears_at is not None and asked:
        then = "The daemon asked once, and does not ask again."
    lead, asks = f"Not rolled back{_decided_at(case)}", _asks(case)
    if block is None or words in (NO_SUSPECT, *UNREAD.values()):
        return f"{lead}: {_veto(case) or blocked_why(case)}.{asks} {then}"
    also = f" Also: {'; '.join(map(_reads, others))}." if others else ""
    return f"{lead}: {_reads(block)}.{also}{asks} {then}"


def _reads(answer: GuardAnswer) -> str:
    return block_of(answer).reads.format(clean(answer.why).rstrip("."))


def _decided_at(case: Case) -> str:
    """Return when it was decided, unless just now: the reason may hold a time span that has grown since."""
    decision = case.incident.decision
    return case.by(decision.at, "at") if decision is not None and case.now - decision.at >= JUST_NOW_SECONDS else ""


def _asks(case: Case) -> str:
    """Return what a rollback needs a person's yes for, beside what blocks it; the mode says so by itself."""
    decision = case.incident.decision
    asking = [one for one in decision.guards if one.verdict is Verdict.ASK] if decision is not None else []
    named = [one for one in asking if one.name != "mode"]
    whys = "; ".join(clean(one.why).rstrip(".") for one in named)
    start = " For now a" if all(one.passing for one in named) else " A"
    return f"{start} rollback needs a person's yes: {whys}." if named else ""


def blocking_words(case: Case) -> Block:
    """Return the words about what blocks: a guard, or a fact that is not known yet (no deploy list, blind)."""
    block = blocking(case.incident)
    waits = situation(case.incident) is Situation.BLOCKED_FOR_NOW
    if block is not None and (block.passing or not waits):
        return block_of(block)
    return UNREAD.get(case.unread, NO_SUSPECT)


def _passes(case: Case, words: Block) -> str:
    """Return what ends the wait and may follow by itself, where the daemon decides again; else nothing."""
    if situation(case.incident) is not Situation.BLOCKED_FOR_NOW or not words.passes:
        return ""
    resumed = " and the daemon is resumed" if case.state.stopped and words.command != "resume" else ""
    also = " and nothing else forbids it" if len(case.blocks) > 1 else ""
    ends = f"{words.passes}{resumed}{also}"
    return f"Once {ends}, the daemon decides again, and {case.may_act} if {case.service} still fails."


def clears_at(incident: Incident) -> float | None:
    """Return when the block passes by itself (UTC epoch seconds); None for no known time."""
    block = blocking(incident)
    return block.clears_at if block is not None else None


def not_the_deploy(case: Case) -> str:
    """Return how likely the deploy is to blame, or what acquits it; and the other cause that is likely."""
    decision = case.incident.decision
    blame = decision.blame if decision is not None else None
    if blame is None or blame.suspect is None or blame.probability is None:
        return f"Nothing is rolled back: {blocked_why(case)}."
    name, veto, at = clean(blame.suspect.id), _veto(case), _decided_at(case).removeprefix(" ")
    veto = f"{at}: {veto}" if veto and at else veto
    why = f"{name} is {show_likely(blame.probability)} to blame, and the daemon acts from {percent(blame.need, 0)}"
    if veto and vetoed_by_platform(decision):
        # Not acquitted: it is weighed again.
        why = f"Render may be the cause, so {name} is not blamed meanwhile ({veto})"
    elif veto:
        why = f"{name} is not to blame ({veto})"
    # A suspended service fails for a reason that no deploy explains.
    block = blocking(case.incident)
    if block is not None and block.name == "service":
        return f"Nothing is rolled back: {clean(block.why).rstrip('.')}."
    other = f"Likely cause: {case.other_cause}. " if case.other_cause else ""
    again = f" Once that is over, the daemon weighs {name} again and may ask about a rollback."
    return f"{other}Nothing is rolled back: {why}.{again if asks_after_outage(case.incident) else ''}"


def left(case: Case) -> str:
    """Return how far the rollback came, why the daemon left it to people, and that it changes nothing more."""
    rollback, why = case.incident.rollback, clean(case.incident.human_needed).rstrip(".")
    came = "No rollback was sent"
    if rollback.refused_at is not None:
        came, why = f"{_refused(case)} at {case.at(rollback.refused_at)}", refusal(case)
    elif rollback.restored_at is not None:
        came = f"{case.live} and does not count as a recovery"
    elif rollback.requested_at is not None:
        came = "No rollback is known to be live"
    elif rollback.blocked_since is not None:
        # The reason is of the time in which it was due, and may be over.
        came = f"{came}, though it was due{case.by(rollback.blocked_since, 'from')} on; the reason then"
    return f"{came}: {why}. The daemon changes nothing more in this incident."


def _refused(case: Case) -> str:
    """Return what Render refused: the rollback, or its one alternative, to build the target's commit anew."""
    rollback = case.incident.rollback
    if rollback.rebuilds:
        name, code = clean(rollback.target), clean(short(rollback.target_code))
        return f"Render keeps no artefact of {name}, and refused to rebuild {code}"
    return f"Render refused the rollback to {case.target}"


def refusal(case: Case) -> str:
    """Return the reason of Render's refusal, and that it changed nothing."""
    rollback = case.incident.rollback
    only = rollback.artefact_gone and not rollback.rebuilds
    why = NOT_REBUILT.get(rollback.rebuild, "")
    gone = f". Render keeps no artefact of {clean(rollback.target)}{why}" if only else ""
    return f"{clean(rollback.refusal).rstrip('.')}{gone}. No deploy was made"


def answered(case: Case) -> str:
    """Return who rejected or stopped the rollback, and who has acknowledged it since; the daemon only watches."""
    clock, said = case.incident.escalation, sentence(clean(case.incident.human_needed))
    if clock.acknowledged_by is not None:
        since = f"acknowledged by {clean(clock.acknowledged_by)}{case.by(clock.acknowledged_at, 'at')}"
        said = f"{said.rstrip('.')}, {since}."
    return f"{said} The daemon changes nothing in this incident and watches until it is over."


def no_action(case: Case) -> str:
    """Return that the policy wants no action, and what alone would change that."""
    then = "The daemon pages no one unless it gets worse, and closes the incident when it is over."
    return f"{sentence(blocked_why(case))} {then}"


def observed(case: Case) -> str:
    """Return what the daemon would do in another mode."""
    would = case.incident.decision.would if case.incident.decision is not None else ""
    return f"Mode observe: the daemon changes nothing; it {clean(would)}."
