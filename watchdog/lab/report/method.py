"""The method: the seed, the played episodes, the price of a mistake, and the limits of the results."""

from collections.abc import Mapping

from watchdog.domain.commands.command_line import command_line
from watchdog.lab.episode import FaultClass
from watchdog.lab.episode_cost import HUMAN_MINUTES, NOTICED_MINUTES, ROLLBACK_MINUTES, USUAL
from watchdog.lab.page_judgement import ANSWER_MINUTES
from watchdog.lab.report.content import Report
from watchdog.lab.report.delays import NO_HURRY
from watchdog.lab.report.table import Table
from watchdog.lab.score import DEPLOYS_SHARE, by_class, kind_of

LIMITS = (
    "Simulated: services, traffic, failures, response times of Render and Sentry. Real: the decision core, the same "
    "code as in the daemon, with the configuration above.",
    "The fault classes are the lab's own: real incidents may be of other kinds. Held-out classes were never used for "
    "tuning.",
    "The frequency of each class (the realistic mix) and the price of a mistake are assumptions, taken from published "
    "incidents where there are any. Therefore the ranking is repeated with other prices.",
    f"No answer is lost here, no call is refused and no process crashes: {command_line('lab storm')} tests those.",
    "Rivals are published methods in the lab's own implementation, not products; each acts by a webhook as soon as its "
    "rule fires.",
    "The bound holds on average: in a single incident any method, the watchdog included, may be faster by chance.",
    "Intervals cover chance alone: how much the numbers would differ with other episodes of the same classes.",
)


def sentences(report: Report) -> tuple[str, ...]:
    """Return the measurement in a few sentences."""
    return (
        f"{len(report.ours)} incidents of {len(report.rows)} classes were simulated, each built from a seed alone. The "
        "watchdog's real decision core decided second by second, and its actions changed the simulated world. "
        f"{_others(report)}",
        f"In the realistic mix, incidents caused by a deploy have {100 * DEPLOYS_SHARE:.0f} % of the weight, and the "
        "classes are weighted as in the table below. Frequent classes are simulated more often; episodes that force a "
        "recent deploy are more frequent here than in reality, and count for less. n is the effective number of "
        "episodes.",
    )


def _others(report: Report) -> str:
    if report.ranking is None:
        return "The rivals were not simulated."
    return "The rivals, and an oracle that knows the truth, met the same incidents."


def table(report: Report) -> Table:
    """Return the table of settings, one a row."""
    return Table(
        ("Setting", "Value"),
        [
            ("Seed (a hash of the defaults and of the classes, unless chosen)", report.seed),
            ("Episodes", f"{len(report.ours)} of {len(report.rows)} classes"),
            ("Service time without a fault", f"{report.numbers['clean_service_years']:.1f} service-years"),
            ("Run time", f"{report.numbers.get('seconds', 0.0):.0f} s"),
            ("Price of a false rollback", f"{USUAL.false_rollback:g} min of outage"),
            ("Price of a rollback of the wrong service", f"{USUAL.wrong_service:g} min"),
            ("Price of a false page or question", f"{USUAL.false_page:g} min"),
            ("Outage of a bad deploy, without the watchdog", f"{HUMAN_MINUTES:g} min"),
            ("A page shortens it by", f"{NOTICED_MINUTES:g} min"),
            ("Time to the answer of an approval request", f"{ANSWER_MINUTES:g} min"),
            ("Duration of a rollback", f"{ROLLBACK_MINUTES:g} min"),
            *_weights(report),
            ("Held-out classes", ", ".join(name for name, kind in _kinds(report).items() if kind.held_out) or "none"),
        ],
    )


def _kinds(report: Report) -> Mapping[str, FaultClass]:
    return {name: kind_of(found[0]) for name, found in by_class(report.ours).items()}


def _weights(report: Report) -> list[tuple[str, str]]:
    found, kinds = [], _kinds(report)
    for caused, words in ((True, "Weights of classes caused by a deploy"), (False, "Weights of the other classes")):
        counted = [one for one in report.rows if not set(one.rights) & set(NO_HURRY)]
        names = [one.name for one in counted if kinds[one.name].deploy_caused is caused]
        found.append((words, ", ".join(f"{name} {kinds[name].weight:g}" for name in names) or "none"))
    return found
