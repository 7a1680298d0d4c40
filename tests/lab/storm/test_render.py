"""The simulated platform: what its client promises, and that what happened there does not ask who is still alive."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from watchdog.domain.errors import Gone, OutcomeUnknown, Permanent, Temporary
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.fault_mix import DEPLOY_SECONDS, FAIR, LANDING_MAX_SECONDS, Weather
from watchdog.lab.storm.render import Render, RenderClient, Service
from watchdog.lab.storm.requests import CLIENT_SECONDS
from watchdog.ports import WritablePlatform


class Scene:
    """A platform with one service in chosen weather, and one worker's client."""

    def __init__(self, **weather: float) -> None:
        self.nature = Nature(3)
        values = {name: weather.get(name, getattr(FAIR, name)) for name in Weather.__dataclass_fields__}
        self.nature.weather = Weather(**values)
        self.render = Render(self.nature)
        self.service: Service = self.render.found("web", (9000.0, 5000.0))
        self.client = RenderClient(self.render, "a.1")

    def play(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end, and long enough for stray requests to land."""

        async def and_wait() -> Any:
            try:
                return await work
            finally:
                await asyncio.sleep(200)

        try:
            return self.nature.loop.run_until_complete(and_wait())
        finally:
            self.nature.loop.close()


def test_in_fair_weather_a_rollback_goes_live() -> None:
    """It answers with the new deploy's id, which serves after a while; the old one does not."""
    scene = Scene()
    assert isinstance(scene.client, WritablePlatform)
    made = scene.play(scene.client.rollback("web", "dep-1"))
    live = scene.service.live
    assert live is not None
    assert (live.deploy.id, live.deploy.trigger, live.deploy.commit) == (made, "rollback", "0000001")
    assert live.live_at is not None
    assert DEPLOY_SECONDS[0] <= live.live_at - live.began_at <= DEPLOY_SECONDS[1]
    assert [one.deploy.status for one in scene.service.releases] == ["live", "deactivated", "deactivated"]


@pytest.mark.parametrize(
    ("weather", "error", "taken"),
    [
        ({"request_limited": 1.0}, Temporary, 0),
        ({"request_not_connected": 1.0}, Temporary, 0),
        ({"refused": 1.0}, Permanent, 0),
        ({"answer_500": 1.0}, OutcomeUnknown, 1),
        ({"answer_lost": 1.0}, OutcomeUnknown, 1),
        ({"request_lost": 1.0}, OutcomeUnknown, 0),
    ],
)
def test_errors_say_what_can_have_happened(weather: dict[str, float], error: type[Exception], taken: int) -> None:
    """As the real adapter promises; an unknown outcome is one that may have happened."""
    scene = Scene(**weather)
    with pytest.raises(error):
        scene.play(scene.client.rollback("web", "dep-1"))
    assert len(scene.render.accepted) == taken


def test_an_expired_artefact_can_only_be_built_again() -> None:
    """The rollback is refused as gone; the same commit may be deployed anew."""
    scene = Scene()
    for release in scene.service.releases:
        release.gone = True

    async def both() -> str | None:
        with pytest.raises(Gone):
            await scene.client.rollback("web", "dep-1")
        scene.render.begin(scene.service, "rollback", "0000001", by="human")  # of the same commit, and not live
        return await scene.client.redeploy("web", "0000001")

    made = scene.play(both())
    assert [(one.made, one.target.deploy.id) for one in scene.render.accepted] == [(made, "dep-1")]


def test_a_request_lands_after_its_sender_gave_up_but_not_for_ever() -> None:
    """Sent once, taken once, up to eight seconds after the deadline; two sends are two rollbacks."""
    scene = Scene(slow_landing=1.0, connection_reset=1.0)

    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await scene.client.rollback("web", "dep-1")

    scene.play(twice())
    assert len(scene.render.accepted) == 2
    assert all(
        0 <= one.landed_at - one.sent_at <= CLIENT_SECONDS + LANDING_MAX_SECONDS for one in scene.render.accepted
    )


def test_a_list_may_be_old_and_a_new_deploy_missing_from_it() -> None:
    """For a few seconds only; and one without the baseline is not read."""
    scene = Scene(list_stale=1.0)

    async def looks() -> set[int]:
        scene.render.begin(scene.service, "new_commit", "fff", by="author")
        seen = {len(await scene.client.deploys("web")) for _ in range(10)}
        await asyncio.sleep(5)
        assert len(await scene.client.deploys("web")) == 3
        with pytest.raises(Temporary):
            await scene.client.deploys("web", back_to="dep-none")
        return seen

    assert scene.play(looks()) == {2, 3}


def test_an_answer_may_be_older_than_the_one_before() -> None:
    """Of a deploy's status and of auto-deploy, as of the deploys there are."""
    scene = Scene(list_stale=1.0)

    async def looks() -> set[tuple[str, str]]:
        await asyncio.sleep(20)
        scene.service.put(scene.service.releases[1], scene.nature.loop.time(), status="canceled")
        scene.service.switch("off", scene.nature.loop.time())
        await asyncio.sleep(0.6)
        seen = set()
        for _ in range(20):
            seen.add(
                ((await scene.client.deploy("web", "dep-1")).status, (await scene.client.facts("web")).auto_deploy)
            )
        await asyncio.sleep(5)
        assert (await scene.client.deploys("web"))[1].status == "canceled"
        assert (await scene.client.facts("web")).auto_deploy == "off"
        return seen

    assert {"deactivated", "canceled"} <= {status for status, _ in scene.play(looks())}


def test_a_shuffled_list_reaches_the_worker_sorted_and_each_deploy_once() -> None:
    """As the shipped adapter hands it on."""
    scene = Scene(list_shuffled=1.0)

    async def lists() -> list[list[str]]:
        return [[deploy.id for deploy in await scene.client.deploys("web")] for _ in range(5)]

    assert scene.play(lists()) == [["dep-2", "dep-1"]] * 5
    assert scene.nature.struck["list_shuffled"] == 5


def test_a_switch_may_be_had_twice_and_a_rollback_never() -> None:
    """The second one late; what was accepted once is one rollback."""
    scene = Scene(switch_twice=1.0)

    async def both() -> None:
        await scene.client.set_auto_deploy("web", "off")
        await scene.client.rollback("web", "dep-1")

    scene.play(both())
    assert [value for _, value in scene.service.switches] == ["commit", "off"]
    assert len(scene.render.accepted) == 1


def test_people_are_let_know_of_the_moments_of_a_send() -> None:
    """When it is under way, and when its answer is lost: somebody may act just then."""
    scene = Scene(answer_lost=1.0)
    moments: list[tuple[str, str]] = []
    scene.render.asked = lambda service, moment: moments.append((service, moment))
    with pytest.raises(OutcomeUnknown):
        scene.play(scene.client.rollback("web", "dep-1"))
    assert moments == [("web", "under way"), ("web", "answer lost")]
