"""The method in plain words: the seed, the played episodes, the price of a mistake, and the limits of the results."""

from collections.abc import Mapping

from watchdog.domain.commands.command_line import command_line
from watchdog.lab.cost import HUMAN_MINUTES, NOTICED_MINUTES, ROLLBACK_MINUTES, USUAL
from watchdog.lab.episode import FaultClass
from watchdog.lab.page_judgement import ANSWER_MINUTES
from watchdog.lab.report.content import Report
from watchdog.lab.report.delays import NO_HURRY
from watchdog.lab.report.table import Table
from watchdog.lab.score import DEPLOYS_SHARE, by_class, kind_of

LIMITS = (
    "Simulated: the services, their traffic, their failures, the answer times of Render and Sentry. Real: the code "
    "that decides, the same as in the daemon, with the configuration above.",
    "The fault classes are ours. Real incidents may be of kinds that are not in the table; those marked as held out "
    "were never used to set anything.",
    "How often each kind happens (the realistic mix) and what a mistake is worth are judgements, taken from "
    "published incidents where there were any. That is why the ranking is repeated with other prices.",
    "No answer is lost here, no call refused, and nothing crashes: "
    f"that is tested apart ({command_line('lab storm')}).",
    "Rivals are methods people describe, in our own implementation, not products; each acts by a webhook as soon as "
    "its rule fires.",
    "The bound holds on the average. On a single incident somebody may be luckier, and so may we.",
    "Intervals tell of chance alone: how much the numbers would differ with other episodes of the same classes.",
)


def sentences(report: Report) -> tuple[str, ...]:
    """Return the measurement in a few sentences."""
    return (
        f"{len(report.ours)} incidents of {len(report.rows)} kinds were played in a simulated world, each built from "
        "a seed alone; the watchdog's real decisions were made second by second, and what they did changed that "
        f"world. {_others(report)}",
        f"The realistic mix gives {100 * DEPLOYS_SHARE:.0f} % of its weight to incidents that a deploy caused and "
        "the rest to others, with each class as frequent as the table below says. What is more frequent is played more "
        "often; an episode with a deploy shortly before, played more often than it comes, counts for less. n is how "
        "many episodes of equal weight the number is worth.",
    )


def _others(report: Report) -> str:
    if report.ranking is None:
        return "The rivals did not play."
    return "The rivals and the oracle, which knows the truth, met the same incidents."


def table(report: Report) -> Table:
    """Return the table of settings, one a row."""
    return Table(
        ("What", "Value"),
        [
            ("Seed (a hash of the defaults and of the classes, unless chosen)", report.seed),
            ("Episodes", f"{len(report.ours)} of {len(report.rows)} classes"),
            ("Healthy service watched", f"{report.numbers['clean_service_years']:.1f} service-years"),
            ("Time it took", f"{report.numbers.get('seconds', 0.0):.0f} s"),
            ("Price of a false rollback", f"{USUAL.false_rollback:g} min of outage"),
            ("Price of a rollback of the wrong service", f"{USUAL.wrong_service:g} min"),
            ("Price of a needless page or question", f"{USUAL.false_page:g} min"),
            ("A bad deploy that nobody mends lasts", f"{HUMAN_MINUTES:g} min"),
            ("A human who is paged is faster by", f"{NOTICED_MINUTES:g} min"),
            ("A question waits for its answer", f"{ANSWER_MINUTES:g} min"),
            ("A rollback takes", f"{ROLLBACK_MINUTES:g} min"),
            *_weights(report),
            ("Held out classes", ", ".join(name for name, kind in _kinds(report).items() if kind.held_out) or "none"),
        ],
    )


def _kinds(report: Report) -> Mapping[str, FaultClass]:
    return {name: kind_of(found[0]) for name, found in by_class(report.ours).items()}


def _weights(report: Report) -> list[tuple[str, str]]:
    found, kinds = [], _kinds(report)
    for caused, words in ((True, "Weights of the classes that a deploy caused"), (False, "Weights of the others")):
        counted = [one for one in report.rows if not set(one.rights) & set(NO_HURRY)]
        names = [one.name for one in counted if kinds[one.name].deploy_caused is caused]
        found.append((words, ", ".join(f"{name} {kinds[name].weight:g}" for name in names) or "none"))
    return found
