"""Reading what became of a send: from whatever list the platform gives, never more than the list says."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.actuator_scene import ROLLBACK
from tests.support.clocks import FakeClock
from tests.support.slow_calls import Latency, SlowStore
from watchdog.adapters.platforms.render_parse import newest_first, parse_deploy
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.reconcile import DeployLookup, look_up, newer_than
from watchdog.daemon.actions.timings import SHIPPED, Found, NoTrace, UnreadableList
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Permanent, Temporary

BASE = Deploy("dep-41", "build_failed", commit="c41")
LIVE = Deploy("dep-40", "live", commit="c40")
CODE = ROLLBACK.target_code
STATUSES = ("live", "deactivated", "created", "build_in_progress", "canceled", "update_failed", "superseded", "", None)


PAGE = 20
WAY_SECONDS = (0.1, 0.5, 1.5)


class Lists:
    """A platform that only lists: each entry is a list or what it raises; the last holds for ever.

    One page, or as many as it takes to go back to what it is asked for. Its answers take a drawn time; `asked_at` and
    `answered_at` are when each was asked for and had (monotonic seconds).
    """

    name, can_write = "lists", True

    def __init__(
        self,
        clock: FakeClock,
        *answers: Sequence[Deploy] | Exception,
        seed: int = 0,
        way_seconds: tuple[float, ...] = WAY_SECONDS,
    ) -> None:
        self.answers = list(answers)
        self.sent = 0
        self.asked_at: list[float] = []
        self.answered_at: list[float] = []
        self._clock, self._latency = clock, Latency(clock, way_seconds, seed)

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        self.asked_at.append(self._clock.monotonic())
        try:
            return await self._latency.around(lambda: self._listed(back_to))
        finally:
            self.answered_at.append(self._clock.monotonic())

    async def _listed(self, back_to: str | None) -> Sequence[Deploy]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        reached = next((at for at, deploy in enumerate(answer, start=1) if deploy.id == back_to), 0)
        return answer[: max(PAGE, reached)]

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        self.sent += 1
        return "dep-99"

    async def redeploy(self, service_id: str, commit: str) -> str | None:
        return await self.rollback(service_id, commit)

    async def set_auto_deploy(self, service_id: str, value: str) -> None:
        """Nothing to set."""

    async def services(self) -> Sequence[ServiceFacts]:
        return ()

    async def facts(self, service_id: str) -> ServiceFacts:
        return ServiceFacts(service_id, "web")

    async def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        raise Permanent("not here")

    async def events(self, service_id: str, since: float) -> Sequence[object]:
        return ()

    async def close(self) -> None:
        """Nothing to close."""


def search(*answers: Sequence[Deploy] | Exception, seed: int = 0, **more: object) -> DeployLookup:
    effect, clock = replace(ROLLBACK, **more), FakeClock()  # type: ignore[arg-type]
    return DeployLookup(Lists(clock, *answers, seed=seed), clock, SHIPPED, effect)  # type: ignore[arg-type]


def looks(made: DeployLookup) -> Lists:
    """Return the platform, which knows when it was asked."""
    assert isinstance(made.platform, Lists)
    return made.platform


def made(number: int, trigger: str = "rollback", commit: str | None = CODE) -> Deploy:
    """Return a deploy that came after the baseline."""
    return Deploy(f"dep-{number}", "created", trigger, commit=commit)


@pytest.mark.parametrize(
    ("newer", "more", "found"),
    [
        ([], {}, None),
        ([made(42)], {}, "dep-42"),
        ([made(43), made(42)], {}, "dep-42"),
        ([made(42, commit=None)], {}, "dep-42"),
        ([made(42, commit="other")], {}, None),
        ([made(42, commit="other")], {"target_code": None}, "dep-42"),
        ([made(42, "new_commit")], {}, None),
        ([made(42, "api")], {}, "dep-42"),  # a rebuild that a restored store knows nothing of
        ([made(42, "api", "other")], {}, None),
        ([made(42, "api", None)], {}, None),
        ([made(42, "api", None)], {"target_code": None}, None),
        ([made(42, "api")], {"rebuild": True}, "dep-42"),
        ([made(42, "manual")], {"rebuild": True}, "dep-42"),
        ([made(42, "api", None)], {"rebuild": True}, "dep-42"),
        ([made(42, "manual", None)], {"rebuild": True}, None),
        ([made(42, "api", "other")], {"rebuild": True}, None),
    ],
)
def test_a_trace_is_the_oldest_deploy_that_may_be_ours(newer: list[Deploy], more: dict, found: str | None) -> None:
    """Of the target's code, newer than the baseline, made the way we asked for it; in doubt it is ours."""
    hit = search([], **more).find_own_deploy([*newer, BASE, LIVE])
    assert (hit.id if hit is not None else None) == found


def test_nothing_is_newer_than_what_is_not_listed() -> None:
    assert newer_than([BASE, LIVE], "dep-99") == () and newer_than([BASE, LIVE], "dep-41") == []
    assert newer_than([BASE, LIVE], "dep-40") == [BASE]


async def test_a_late_trace_is_found() -> None:
    """Lists that cannot be read in between prove nothing, and end nothing."""
    late = search([BASE], Temporary("503"), Permanent("404"), [], [LIVE], [made(42), BASE])
    assert await look_up(late) == Found(made(42))


@pytest.mark.parametrize("seed", range(12))
async def test_a_trace_is_absent_only_by_a_list_that_was_asked_for_after_the_window(seed: int) -> None:
    """An answer after the window to a question from inside it shows what was before: it proves nothing."""
    absent = search([BASE, LIVE], seed=seed)
    assert await look_up(absent) == NoTrace("no trace of it in the deploy list after 30 s", [BASE, LIVE])
    *before, last = [at - 1000.0 for at in looks(absent).asked_at]
    assert last > SHIPPED.settle_seconds >= max(before)


@pytest.mark.parametrize("ours", [42, 81])
async def test_the_list_is_read_back_to_the_baseline_however_many_came_after_it(ours: int) -> None:
    """Ours is on the first page, or on the last: it is found."""
    others = [made(number, "new_commit", "other") for number in range(80, 50, -1)]
    newer = sorted([*others, made(ours)], key=lambda deploy: deploy.id, reverse=True)
    assert await look_up(search([*newer, BASE, LIVE])) == Found(made(ours))


async def test_an_unreadable_list_is_never_taken_for_an_empty_one() -> None:
    """It is waited for, longer than the window, and then a human must look."""
    unread = search(Temporary("503"))
    assert await look_up(unread) == UnreadableList("the deploy list cannot be read")
    *before, last = [at - 1000.0 for at in looks(unread).asked_at]
    assert last > SHIPPED.lost_seconds >= max(before)


@pytest.mark.parametrize(("resumed", "patience"), [(False, 10.0), (True, SHIPPED.lost_seconds)])
@pytest.mark.parametrize("readable", [True, False])
async def test_before_a_send_the_list_is_asked_for_a_while_and_the_last_look_counts(
    readable: bool, resumed: bool, patience: float
) -> None:
    """What is found is as old as the question that found it, not as its answer."""
    asking = search(*[Temporary("503")] * 3, [BASE, LIVE]) if readable else search(Temporary("503"))
    looked_at, found = await asking.patiently(resumed=resumed)
    platform = looks(asking)
    assert found == ([BASE, LIVE] if readable else None)
    assert looked_at == platform.asked_at[-1] < platform.answered_at[-1]
    if not readable:
        *before, last = [at - 1000.0 for at in platform.answered_at]
        assert last >= patience > max(before)
        at_once = Lists(asking.clock, Temporary("503"), way_seconds=(0.0,))
        looked_at, _ = await replace(asking, platform=at_once).patiently(resumed=resumed)
        assert looked_at - at_once.asked_at[0] == patience


JUSTIFIES = [{"id": "dep-41", "status": "build_failed"}, {"id": "dep-40", "status": "live"}]


def raw_deploys() -> st.SearchStrategy[list[dict]]:
    """Lists as a platform might give them: shuffled, doubled, with unknown statuses, nulls and fields nobody knows.

    Every other one has the rows that justify a send as well, which chance alone brings together too rarely.
    """
    one = st.fixed_dictionaries(
        {
            "id": st.sampled_from(["dep-38", "dep-39", "dep-40", "dep-41", "dep-42", "", None, 7]),
            "status": st.sampled_from(STATUSES),
            "trigger": st.sampled_from(["rollback", "api", "new_commit", "blueprint_sync", "what", None]),
            "commit": st.one_of(st.none(), st.fixed_dictionaries({"id": st.sampled_from([CODE, "c40", None, 3])})),
        },
        optional={
            "createdAt": st.sampled_from(["2026-01-01T00:00:00Z", "yesterday", None, 5]),
            "finishedAt": st.none(),
            "artifactId": st.text(max_size=5),
            "image": st.one_of(st.none(), st.just({"ref": None})),
        },
    )
    return st.tuples(st.sampled_from([[], JUSTIFIES]), st.lists(one, max_size=8)).flatmap(
        lambda rows: st.permutations([*rows[0], *rows[1]])
    )


@settings(max_examples=300, deadline=None)
@example(rows=JUSTIFIES, rebuild=False)
@example(rows=JUSTIFIES, rebuild=True)
@example(rows=[{"id": "dep-42", "status": "superseded"}, *JUSTIFIES], rebuild=False)
@given(rows=raw_deploys(), rebuild=st.booleans())
async def test_case_20_whatever_the_list_nothing_is_sent_that_it_does_not_justify(rows: list, rebuild: bool) -> None:
    """A send needs the baseline in the list, the suspect live, nothing newer on its way; all else refuses to act."""
    deploys = newest_first([deploy for deploy in map(parse_deploy, rows) if deploy is not None])
    clock = FakeClock()
    platform, store = Lists(clock, deploys), SlowStore(clock)
    await store.open()
    outcome = await Actuator(platform, store, clock).perform(replace(ROLLBACK, rebuild=rebuild))  # type: ignore[arg-type]
    assert platform.sent or rows != JUSTIFIES
    if platform.sent:
        live = next(deploy for deploy in deploys if deploy.is_live)
        newer = newer_than(deploys, "dep-40")
        assert any(deploy.id == "dep-41" for deploy in deploys)
        assert live.id == "dep-40" and all(deploy.has_ended for deploy in newer)
        assert isinstance(outcome, e.RollbackAccepted) and platform.sent == 1
    elif isinstance(outcome, e.RollbackAccepted):
        assert outcome.adopted and outcome.deploy in {deploy.id for deploy in newer_than(deploys, "dep-41")}
    else:
        assert isinstance(outcome, (e.RollbackPostponed, e.RollbackStoodDown))
