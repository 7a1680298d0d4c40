"""Blame: every term and every veto, its factor and its words."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.assess.test_onset_prior import MINUTES_PER_MONTH, RATES, live_before
from tests.core.limits import WEIGHTS
from tests.core.scenes import HISTORY, NOW, a_case, a_service, failing, found
from tests.core.world import make_policy
from watchdog.core.assess import blame, onset_prior
from watchdog.core.assess.blame_input import BlameInput
from watchdog.domain.checks import Check, Served
from watchdog.domain.decisions import Blame, Veto
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ServiceState
from watchdog.domain.policy import BlameWeights
from watchdog.domain.readings import Bad


@pytest.mark.parametrize(("share", "threshold"), [(1.0, 0.16), (0.1, 0.66), (0.02, 0.91)])
def test_the_cost_rule_is_the_published_one(share: float, threshold: float) -> None:
    """Facts, act or wait: the fewer requests fail, the surer one must be."""
    assert blame.cost_rule(share, WEIGHTS) == pytest.approx(threshold, abs=0.005)


@pytest.mark.parametrize(("share", "threshold"), [(1.0, 0.143), (0.5, 0.25), (0.2, 0.455), (0.0, 0.455), (0.1, 0.5)])
def test_a_question_costs_less_than_a_rollback_and_so_needs_less(share: float, threshold: float) -> None:
    """The fewer requests fail, the likelier it must be, up to an even chance; a share not known counts as a fifth."""
    assert blame.weigh(replace(a_case(), share=share)).likely_from == pytest.approx(threshold, abs=0.001)
    dear = replace(WEIGHTS, ask_floor=0.6)
    assert blame.weigh(replace(a_case(policy=make_policy(blame=dear)), share=share)).likely_from == 0.6
    never = replace(WEIGHTS, answer_minutes=100.0)
    assert blame.asking_cost_rule(share, never) == 1.0


@pytest.mark.parametrize(
    ("minutes", "course", "ago"),
    [
        (2, "acted on", "2 min"),
        (60, "asked", "60 min"),
        (180, "asked", "3 h 0 min"),
        (600, "", "10 h 0 min"),
    ],
)
def test_what_shows_late_is_asked_about(minutes: float, course: str, ago: str) -> None:
    """Nothing but the time tells against the deploy: too little to act on after some minutes, not too little to ask."""
    verdict = blame.weigh(a_case(live_before(minutes)))
    assert (verdict.convicts, verdict.likely) == (course == "acted on", course != "") and not verdict.vetoed
    need = "need 0.80" if verdict.convicts else "need 0.80, too little to act"
    assert verdict.why == f"dep-41, P {verdict.probability:.3f} ({need}): onset {ago} after live"


def test_a_fresh_deploy_convicts_with_its_arithmetic() -> None:
    """The whole of it, to the last word: what was checked and did not fire is listed as well."""
    verdict = blame.weigh(a_case())
    assert verdict.convicts and verdict.vetoed == ()
    prior = 0.05 * MINUTES_PER_MONTH * onset_prior.density_per_minute(0.5)
    assert (verdict.odds, verdict.prior_odds) == (pytest.approx(prior), pytest.approx(prior))
    vetoes = (
        Veto("control targets", False, "2 of 2 control targets answer"),
        Veto("platform status", False, "no outage of the platform reported, and no maintenance going on"),
        Veto("onset", False, "onset 60 s after dep-41 could first take traffic"),
        Veto("suspect is a rollback", False, "it is not"),
        Veto("not curable", False, "the failure is one that code can cause"),
        Veto("served version", False, "failing answers do not all name the code before it"),
        Veto("deploy list", False, "read 5 s ago"),
    )
    assert verdict == Blame(
        suspect=HISTORY[0],
        change=HISTORY[0],
        configuration=False,
        odds=verdict.odds,
        prior_odds=verdict.odds,
        prior_why=f"onset 30 s after live; {RATES}",
        terms=(),
        vetoes=vetoes,
        probability=verdict.odds / (1 + verdict.odds),
        need=0.80,
        floor=0.80,
        cost_rule=blame.cost_rule(1.0, WEIGHTS),
        why=f"dep-41, P {prior / (1 + prior):.3f} (need 0.80): onset 30 s after live",
        likely_from=blame.asking_cost_rule(1.0, WEIGHTS),
        assumed=True,
        onset_why="onset 30 s after live",
    )


def test_just_as_probable_as_needed_is_enough() -> None:
    """And the words say nothing else."""
    policy = make_policy()
    probability = blame.weigh(a_case()).probability
    verdict = blame.weigh(a_case(policy=replace(policy, blame=replace(WEIGHTS, floor=probability))))
    assert verdict.convicts and verdict.why == f"dep-41, P {probability:.3f} (need 1.00): onset 30 s after live"


def test_a_small_share_needs_more_than_the_floor_and_no_share_only_the_floor() -> None:
    """P* rises above 0.8 for a two-percent failure; a flood of errors names no share."""
    assert blame.weigh(a_case(None, found(share=0.02))).need == pytest.approx(0.906, abs=0.001)
    assert blame.weigh(a_case(None, found("home", "feed", share=0.0))).need == 0.80


def test_no_live_deploy_no_suspect() -> None:
    """Nothing read, or none live: nobody is blamed, and why."""
    unread = blame.weigh(a_case(a_service(deploys=(), deploys_at=None, deploys_why="not read yet")))
    assert unread.suspect is None and unread.probability is None and "not read yet" in unread.why
    dead = blame.weigh(a_case(a_service(deploys=HISTORY[1:])))
    why = "no deploy can be blamed: the platform names no live deploy"
    cost = blame.cost_rule(1.0, WEIGHTS)
    assert dead == Blame(None, None, False, 0.0, 0.0, "", (), (), None, 0.80, 0.80, cost, why) and not dead.convicts


def ran(name: str, status: str, commit: str | None, ago: float) -> Deploy:
    """Return a deploy that finished so many seconds before NOW."""
    return Deploy(name, status, commit=commit, created_at=NOW - ago - 60, finished_at=NOW - ago)


FAILED, SAME = ran("dep-x", "build_failed", "cccccccc", 1000), ran("dep-y", "deactivated", "bad00000", 100_000)


@pytest.mark.parametrize(
    ("older", "configuration"),
    [
        pytest.param((), False, id="another commit"),
        pytest.param((replace(FAILED, commit="bad00000"),), False, id="a failed build"),
        pytest.param((SAME,), True, id="the same commit, long before"),
        pytest.param((replace(SAME, commit=None),), False, id="a nameless one"),
        pytest.param((FAILED, SAME), True, id="a failed build between"),
    ],
)
def test_what_changed_is_code_or_configuration(older: tuple[Deploy, ...], configuration: bool) -> None:
    """Only configuration changed if the same code had run before."""
    verdict = blame.weigh(a_case(a_service(deploys=(HISTORY[0], *older, *HISTORY[1:]))))
    assert (verdict.change.id, verdict.configuration) == ("dep-41", configuration)
    nameless = tuple(replace(deploy, commit=None) for deploy in HISTORY)
    assert not blame.weigh(a_case(a_service(deploys=nameless))).configuration, "of which nothing is known to be equal"


AGAIN = Deploy("dep-42", "live", commit="bad00000", created_at=NOW - 30, finished_at=NOW - 10, update_seen_at=NOW - 20)
FIRST = replace(HISTORY[0], status="deactivated")


def deployed(*newest: Deploy) -> ServiceState:
    """Return a service with these deploys before the old ones."""
    return a_service(deploys=(*newest, *HISTORY[1:]))


def test_the_first_of_two_deploys_of_a_commit_is_the_change_when_the_onset_fits_it() -> None:
    """Deployed again while it already failed: the earlier deploy brought it, and both are named."""
    verdict = blame.weigh(a_case(deployed(AGAIN, FIRST)))
    assert verdict.suspect.id == "dep-42" and verdict.change is FIRST and not verdict.configuration
    assert "dep-42 (same code since dep-41)" in verdict.why and verdict.convicts


def answered(
    *failing_answers: tuple[str, int], first: float = 900.0, well: tuple[Served, ...] = (), **fields: Any
) -> ServiceState:
    """Return the service where so many failing answers since the onset named these versions, and others were `well`."""
    served = tuple(
        Served(version, NOW - first, NOW, tuple(NOW - 2.0 * at for at in range(count)))
        for version, count in failing_answers
    )
    return a_service(checks={"home": failing(served=(*served, *well))}, **fields)


TEN_MINUTES_OLD = (replace(HISTORY[0], created_at=NOW - 700.0, finished_at=NOW - 481.0), *HISTORY[1:])


@pytest.mark.parametrize(
    "service",
    [
        answered(),
        answered(("", 9)),
        answered(("bad00000", 1), ("aaaaaaa1", 9)),
        answered(("bad00000", 0), ("aaaaaaa1", 9)),
        answered(("aaaaaaa1", 9), ("", 1)),
        answered(("aaaaaaa1", 2)),
        answered(("aaaaaaa0", 9)),
        answered(("2026.11.29-3", 9)),
        answered(("aaaaaaa1", 9), first=60.0),
        answered(("aaaaaaa1", 9), deploys=TEN_MINUTES_OLD),
        answered(("aaaaaaa1", 9), deploys=HISTORY[:1]),
        answered(("aaaaaaa1", 9), well=(Served("bad00000", NOW - 75.0, NOW - 75.0, ()),)),  # between deploy and onset
    ],
)
def test_a_deploy_is_not_acquitted_by_failing_answers_that_may_be_its_own(service: ServiceState) -> None:
    """One names it, or it answered well, or one names none, too few, another code than the one before it; too late."""
    (veto,) = [veto for veto in blame.weigh(a_case(service)).vetoes if veto.name == "served version"]
    assert veto == Veto("served version", False, "failing answers do not all name the code before it")


def test_a_finding_whose_check_names_no_version_keeps_the_deploy_accused() -> None:
    """Each finding has to show it by answers of its own check; a feed has none."""
    service = answered(("aaaaaaa1", 9))
    service = replace(service, checks={**service.checks, "errors": Check("errors", "sentry")})
    assert blame.weigh(a_case(service, found())).vetoed
    for other in (found("errors", "feed"), found("page")):
        assert not blame.weigh(a_case(service, found(), other)).vetoed


OUTAGE = Bad("partial outage")
MERGE = Deploy("dep-42", "live", commit="merge000", created_at=NOW - 50, finished_at=NOW - 20)
"""It went live on top of dep-41 while that failed."""
BELOW = replace(HISTORY[0], status="deactivated")


@pytest.mark.parametrize(
    ("case", "change", "words"),
    [
        pytest.param(
            a_case(deployed(MERGE, BELOW)), "dep-41", "after live; dep-42 went live on top of it since", id="both"
        ),
        pytest.param(
            a_case(deployed(MERGE, BELOW), found(), found("api", "latency", seconds=600.0)),
            "dep-41",
            "too little to act): onset 30 s after live; P 0.",
            id="both, of which a human is asked either way",
        ),
        pytest.param(
            a_case(deployed(MERGE, replace(BELOW, created_at=NOW - 90_000, finished_at=NOW - 80_000))),
            "dep-42",
            "before dep-42 could take traffic",
            id="the one below served for long before it failed",
        ),
        pytest.param(
            a_case(deployed(MERGE, BELOW), vendors={"render": (NOW - 60, OUTAGE)}),
            "dep-42",
            "the platform render reports trouble",
            id="more than the onset acquits",
        ),
        pytest.param(
            a_case(deployed(MERGE, replace(BELOW, trigger="rollback"))),
            "dep-42",
            "before dep-42 could take traffic",
            id="the one below is a rollback",
        ),
        pytest.param(
            a_case(deployed(replace(MERGE, commit="aaaaaaa1"), BELOW)),
            "dep-42",
            "before dep-42 could take traffic",
            id="its code was live before the one below, took that back, and fails all the same",
        ),
    ],
)
def test_a_deploy_on_top_of_the_bad_one_is_left_with_it(case: BlameInput, change: str, words: str) -> None:
    """The one below is weighed as if it were live, and counts where a human would be asked about it alone."""
    verdict = blame.weigh(case)
    assert verdict.suspect.id == "dep-42" and verdict.change.id == change and words in verdict.why
    assert verdict.likely is (change == "dep-41") and verdict.convicts is (verdict.likely and not verdict.causes)


DARK = dict.fromkeys(("control-1", "control-2"), (NOW - 1, Bad("timed out")))
CAME = replace(FIRST, id="dep-r", trigger="rollback")


@pytest.mark.parametrize(
    ("case", "name", "words"),
    [
        (a_case(control=DARK), "control targets", "blind"),
        (a_case(vendors={"render": (NOW - 60, OUTAGE)}), "platform status", "the platform render reports trouble"),
        (a_case(vendors={"render": (NOW - 300, OUTAGE)}), "platform status", "partial outage (read 5 min ago)"),
        (a_case(None, found(seconds=126.0)), "onset", "dep-41: it failed 6 s before dep-41 could take traffic"),
        # Of its first traffic no more is known than its creation (a worker was down): the tolerance ends there.
        (a_case(None, found(seconds=121.0)), "onset", "dep-41: it failed 1 s before dep-41 could take traffic"),
        (a_case(deployed(replace(HISTORY[0], trigger="rollback"))), "suspect is a rollback", "itself a rollback"),
        (a_case(deployed(AGAIN, CAME)), "suspect is a rollback", "came with dep-r, itself a rollback"),
        (a_case(answered(("aaaaaaa1", 3))), "served version", "every failing answer names dep-40, which serves still"),
        (a_case(None, found(failure_kind="tls")), "not curable", "certificate"),
        (a_case(None, found(failure_kind="dns")), "not curable", "name resolution"),
        (
            a_case(a_service(deploys_at=NOW - 61, deploys_why="Render answered 503")),
            "deploy list",
            "last read 61 s ago (",
        ),
        (
            a_case(a_service(deploys_at=NOW - 41, deploys_why="503"), found(seconds=40.0)),
            "deploy list",
            "41 s ago (503)",
        ),
    ],
)
def test_every_veto_acquits_with_its_reason(case: BlameInput, name: str, words: str) -> None:
    """One veto is enough, and the others are listed as checked; what was told a quarter of an hour ago is none."""
    verdict = blame.weigh(case)
    assert [veto.name for veto in verdict.vetoed] == [name]
    assert words in verdict.why and verdict.probability == 0.0 and not verdict.convicts
    assert [veto.name for veto in verdict.vetoes] == [veto.name for veto in blame.weigh(a_case()).vetoes]
    assert blame.weigh(a_case(vendors={"render": (NOW - 900, OUTAGE)})).convicts


def test_code_that_served_for_moments_only_was_not_proved_to_be_well() -> None:
    """The bad commit deployed twice within two minutes: the code is to blame, not a change of configuration."""
    again = replace(AGAIN, created_at=NOW - 100, finished_at=None, update_seen_at=NOW - 70)
    for apart, change, configuration in ((119.0, "dep-41", False), (120.0, "dep-42", True)):
        verdict = blame.weigh(a_case(deployed(again, replace(FIRST, update_seen_at=NOW - 70 - apart))))
        assert (verdict.change.id, verdict.configuration, verdict.convicts) == (change, configuration, True)
    thrice = [replace(FIRST, id=f"dep-first-{n}", update_seen_at=NOW - 130 - 60 * n) for n in range(2)]
    assert blame.weigh(a_case(deployed(again, *thrice))).change.id == "dep-first-1", "a minute after each other"


@pytest.mark.parametrize(
    ("again_at", "first_at", "lead", "change"),
    [
        (0.0, -1000.0, 120.0, "dep-42"),
        (0.5, -1000.0, 120.0, "dep-41"),
        (4.0, 2.0, 1.0, "dep-42"),
        (6.0, 2.0, 1.0, "dep-41"),
    ],
)
def test_the_change_is_the_newest_that_took_traffic_by_the_onset(
    again_at: float, first_at: float, lead: float, change: str
) -> None:
    """To the second, counted from the onset; where none had, by five seconds later."""
    again = Deploy("dep-42", "live", commit="bad00000", update_seen_at=NOW - 60 + again_at)
    service = deployed(again, replace(FIRST, update_seen_at=NOW - 60 + first_at))
    policy = replace(make_policy(), blame=BlameWeights(first_traffic_lead_seconds=lead))
    assert blame.weigh(a_case(service, policy=policy)).change.id == change


def test_a_deploy_list_is_fresh_for_a_minute() -> None:
    """To the second; and one that was read in our future, by another worker's clock, is read now. A failed reading
    matters if the list is from before the failure."""
    for ago, why, words in (
        (60.0, "", "read 60 s ago"),
        (-1.0, "", "read 0 s ago"),
        (60.0, "Render answered 503", "read 60 s ago"),
    ):
        verdict = blame.weigh(a_case(a_service(deploys_at=NOW - ago, deploys_why=why)))
        assert verdict.vetoes[-1] == Veto("deploy list", False, words)
