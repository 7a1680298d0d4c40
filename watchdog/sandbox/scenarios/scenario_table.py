"""The scenarios of the simulated world: timed events, never the right answer to them.

A bad version begins to fail four seconds after it is live; until then it is indistinguishable from a good one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from watchdog.sandbox.cloud import CONTROL, CREATED_SECONDS, Cloud
from watchdog.sandbox.config_file import ORDER
from watchdog.sandbox.site.behaviours import Behaviour, behaviour
from watchdog.sandbox.site.shop import CHECKOUT
from watchdog.sandbox.world import COMMITS

LIVE_AT = 10.0
"""The second at which the deploy of most stories is live."""
BUILD_SECONDS, UPDATE_SECONDS = 3.0, 2.0
BEGIN_AT = LIVE_AT - CREATED_SECONDS - BUILD_SECONDS - UPDATE_SECONDS


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One event, `at` seconds after the scenario begins."""

    at: float
    what: str
    do: Callable[[Cloud], object]


P95 = "800ms"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story: its name, a title, and its steps in order."""

    name: str
    title: str
    steps: tuple[ScenarioStep, ...]
    mode: str = "autonomous"  # of the configuration that is written for it
    p95: str = P95  # the latency objective of the API route there
    signals: str = ""  # further signals of the site there

    @property
    def configuration(self) -> dict[str, str]:
        """Return what the configuration that is written for it has of its own."""
        return {"mode": self.mode, "p95": self.p95, "signals": self.signals}


def _deploy(cloud: Cloud, how: Behaviour | None = None, commit: str | None = None, trigger: str = "new_commit") -> None:
    cloud.deploy(
        commit=commit,
        behaviour=how,
        trigger=trigger,
        build_seconds=BUILD_SECONDS,
        update_seconds=UPDATE_SECONDS,
    )


def _deployed(how: Behaviour, what: str) -> ScenarioStep:
    return ScenarioStep(
        BEGIN_AT, f"dep-42 is deployed, live at {LIVE_AT:.0f} s; {what}", lambda cloud: _deploy(cloud, how)
    )


def _go_dark(cloud: Cloud) -> None:
    # Every site, and without a crash report: it is our network that fails, and Render's is well.
    sites = (service.name for service in cloud.services.values() if service.kind == "web_service")
    for target in (CONTROL, *sites):
        cloud.set_fault(target, behaviour("refused", reported=False))


BROKEN = _deployed(behaviour("error"), "from 4 s later every request gets HTTP 503")

ALL = (
    Scenario("bad-deploy", "A deploy breaks the site", (BROKEN,)),
    Scenario(
        "partial",
        "A deploy breaks a third of the home page's requests",
        (
            _deployed(
                behaviour("partial", share=0.3, routes=("/",)), "from 4 s later 30 % of requests of / get HTTP 500"
            ),
        ),
    ),
    Scenario(
        "broken-checkout",
        "A deploy breaks the shop's checkout; every page answers HTTP 200",
        (
            _deployed(
                behaviour("wrong_body", routes=(CHECKOUT,)), "from 4 s later an order gets another page, with HTTP 200"
            ),
        ),
        signals=ORDER,
    ),
    Scenario(
        "latency",
        "A deploy makes the site three times slower",
        (_deployed(behaviour("slow", factor=3.0), "from 4 s later every answer takes three times as long"),),
        p95="90ms",
    ),
    Scenario(
        "upstream-outage",
        "OpenAI goes down, and the site with it; nothing was deployed for days",
        (
            ScenarioStep(
                LIVE_AT,
                "OpenAI's page tells of a major outage",
                lambda cloud: cloud.set_fault("openai", behaviour("error")),
            ),
            ScenarioStep(
                LIVE_AT + 4,
                "every page that needs it gets HTTP 502",
                lambda cloud: cloud.set_fault("web", behaviour("error", status=502, routes=("/", "/api/test"))),
            ),
        ),
    ),
    Scenario(
        "blind",
        "Our own network fails just after a deploy",
        (
            _deployed(behaviour("good"), "it is a good one"),
            ScenarioStep(
                LIVE_AT + 4,
                "the sites and both control targets stop answering",
                _go_dark,
            ),
        ),
    ),
    Scenario(
        "no-help",
        "A deploy breaks the site, and something else is broken too",
        (
            BROKEN,
            ScenarioStep(
                LIVE_AT + 6,
                "the database's disk is full: every version gets HTTP 500",
                lambda cloud: cloud.set_fault("web", behaviour("error", status=500, routes=("/", "/api/test"))),
            ),
        ),
    ),
    Scenario(
        "same-commit",
        "A deploy breaks the site, and a colleague deploys the same commit again",
        (
            BROKEN,
            ScenarioStep(
                LIVE_AT + 6,
                "a colleague deploys the same commit by hand: dep-43, broken as soon as it is live",
                lambda cloud: _deploy(cloud, behaviour("error", after_seconds=0.0), COMMITS["42"][0], "manual"),
            ),
        ),
    ),
    Scenario("assist", "A deploy breaks the site, and a human decides on the rollback", (BROKEN,), mode="assist"),
    Scenario("observe", "A deploy breaks the site, and the watchdog may only watch", (BROKEN,), mode="observe"),
)

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in ALL}


def begin(scenario: Scenario, cloud: Cloud) -> None:
    """Start the scenario: now is its second zero."""
    cloud.log.append("scenario_started", scenario=scenario.name)
    for step in scenario.steps:
        cloud.timers.after(step.at, _telling(step, cloud))


def _telling(step: ScenarioStep, cloud: Cloud) -> Callable[[], None]:
    # A function of its own: a lambda in the loop of `begin` would bind the last step for all timers.
    def do() -> None:
        cloud.log.append("scenario_step", second=step.at, text=step.what)
        step.do(cloud)

    return do
