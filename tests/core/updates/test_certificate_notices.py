"""A certificate that ends soon: a medium finding of its own, told at two limits, and no reason for anything else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.core.scenes import NOW, a_service, a_state, step
from tests.core.world import make_policy, with_row
from tests.support.effect_readers import lines
from watchdog.domain.certificates import Certificate
from watchdog.domain.effects import Effect, Tell
from watchdog.domain.events import CertificateSeen
from watchdog.domain.incidents import Phase, State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Suppression
from watchdog.domain.severity import Severity
from watchdog.domain.units import DAY_SECONDS as DAY

HOST = "www.acme.example"
POLICY = with_row(make_policy(), Severity.MEDIUM, tell=("tickets",))
ENDS = NOW + 14 * DAY
ONE = Certificate(HOST, ENDS - 90 * DAY, ENDS)
NEXT = Certificate(HOST, ENDS - 5 * DAY, ENDS + 85 * DAY)


def hear(state: State, at: float, one: Certificate = ONE) -> tuple[State, tuple[Effect, ...]]:
    """Return what the core makes of a certificate; no phase, incident or check changes with it."""
    after, effects = step(state, CertificateSeen(at, "web", one), POLICY)
    was, now = state.services["web"], after.services["web"]
    # Every event sets the interval of probes.
    assert replace(now, certificates=(), pace_seconds=0.0) == replace(was, certificates=(), pace_seconds=0.0)
    return after, effects


def tells(effects: Sequence[Effect]) -> list[Tell]:
    return [effect for effect in effects if isinstance(effect, Tell)]


def kinds(state: State, looks: Sequence[tuple[float, Certificate]]) -> tuple[State, list[str]]:
    """Return the kinds of the notices about certificates seen at these days before ENDS."""
    said = []
    for days, one in looks:
        state, effects = hear(state, ENDS - days * DAY, one)
        said += [tell.notice.kind.value for tell in tells(effects)]
    return state, said


def a_world(phase: Phase = Phase.CALM) -> State:
    return a_state(a_service(phase=phase))


@pytest.mark.parametrize("phase", [Phase.CALM, Phase.SUSPECT])
def test_the_notice_names_host_date_and_cure(phase: Phase) -> None:
    """Once per limit, of medium severity, waking no one; and its successor ends it."""
    state, effects = hear(a_world(phase), ENDS - 14 * DAY)
    (first,) = tells(effects)
    assert first.notice.title == "web: renew the certificate of www.acme.example by 2026-10-05"
    assert first.notice.severity is Severity.MEDIUM and not first.notice.wakes
    assert first.notice.kind is NoticeKind.OPENED and first.channels == ("tickets",)
    assert "in 14 d 0 h (limit 14 d 0 h)" in first.notice.lines[0] and "Custom Domains" in first.notice.lines[2]
    assert lines(effects, "NOTIFIED") == [f"{', '.join(first.channels)} (info): {first.notice.title}"]
    again, effects = hear(state, ENDS - 4 * DAY)
    assert again.services["web"].certificates == state.services["web"].certificates and not tells(effects)
    state, effects = hear(state, ENDS - 3 * DAY)
    (last,) = tells(effects)
    assert (last.notice.kind, last.notice.incident) == (NoticeKind.UPDATED, first.notice.incident)
    state, effects = hear(state, ENDS - 2 * DAY, NEXT)
    (over,) = tells(effects)
    assert (over.notice.kind, over.notice.incident) == (NoticeKind.RESOLVED, first.notice.incident)
    assert over.notice.title == "web: the certificate of www.acme.example is renewed"
    assert not state.services["web"].certificates


SHORT = Certificate(HOST, ENDS - 6 * DAY, ENDS)  # renewed every four days, by machine


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([(14.1, ONE)], []),
        ([(14, ONE), (13, ONE), (3.1, ONE)], ["opened"]),
        ([(2, ONE), (1, ONE)], ["opened"]),  # first seen late
        ([(14, replace(ONE, wanted_seconds=0.0)), (0.1, replace(ONE, wanted_seconds=0.0))], []),
        ([(29, replace(ONE, wanted_seconds=60 * DAY))], ["opened"]),  # a third of its life, at most
        ([(31, replace(ONE, wanted_seconds=60 * DAY))], []),
        ([(14, ONE), (9, replace(ONE, wanted_seconds=7 * DAY))], ["opened"]),  # a limit that was lowered
        ([(10, ONE), (9, replace(ONE, ends_at=ENDS + DAY))], ["opened", "updated"]),  # its successor ends soon as well
        ([(10, ONE), (9, replace(ONE, host="api.acme.example"))], ["opened", "opened"]),
        ([(5.9, SHORT), (2.1, SHORT)], []),
        ([(1.9, SHORT), (0.4, SHORT)], ["opened", "updated"]),
    ],
)
def test_when_it_is_told(looks: Sequence[tuple[float, Certificate]], said: list[str]) -> None:
    assert kinds(a_world(), looks)[1] == said


def test_a_silence_postpones_it() -> None:
    silence = Suppression("silence-1", "web", "ann", "moving", ENDS - 11 * DAY, ENDS - 9 * DAY)
    state = replace(a_world(), silences=(silence,))
    state, said = kinds(state, [(10, ONE)])
    assert not said and not state.services["web"].certificates
    assert kinds(state, [(8, ONE)])[1] == ["opened"]
