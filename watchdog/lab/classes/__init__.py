"""The fault classes: bad deploys, faults without a deploy, and harmless events that resemble an incident. Their table.

Rule 1: every parameter is drawn from a range; the right action is a good operator's, not the watchdog's own.
Rule 2: two things are held out of tuning. Whole classes (`held_out`): seeds that begin with "dev" do not play them
unless they are named. And the upper third of every range that a class draws from with `scene.draw`: development seeds
never draw from it, all others do. So the reported numbers were tuned on neither.
Rule 3: before a fault without a deploy, the last deploy is as old as the service's own deploy rate makes likely (half a
deploy to ten a day); a class that forces this coincidence says so.

Sources of some weights: 10 % of the outages that public monitors saw are shorter than 270 s, and with a check every 5
min they missed about half of those, so `short-outage` is a fifth as frequent as all longer ones. Restarts with failing
requests are 11 % of 20 good deploys an incident. Without a source: one bad deploy in twenty takes a
dependant down, and one felt restart in fifty comes with a crash report.
`blip-tail` has no weight in the mix, since the facts know no good deploy that fails for longer than 40 s; the report
gives the precision a second time as if one good deploy in a thousand were like that.
"""

from watchdog.lab.classes import benign, deploy, intermittent, other
from watchdog.lab.episode import DEVELOPMENT, FaultClass

CLASSES: tuple[FaultClass, ...] = (
    FaultClass("hard-down", "deploy: hard outage", deploy.hard_down, True, weight=3.0),
    FaultClass(
        "hard-down-reported", "deploy: hard outage, a reported crash loop", deploy.hard_down_reported, True, 2.0
    ),
    FaultClass("hard-down-one-report", "deploy: hard outage, one reported crash", deploy.hard_down_one_report, True),
    FaultClass(
        "hard-down-new-errors", "deploy: every request fails with a new error", deploy.hard_down_new_errors, True, 1.0
    ),
    FaultClass("half-failing", "deploy: a critical route fails for half", deploy.half_failing, True, 2.0),
    FaultClass("fifth-failing", "deploy: a critical route fails for 20 to 30 %", deploy.fifth_failing, True, 2.0),
    FaultClass("few-failing", "deploy: a critical route fails for 5 to 15 %", deploy.few_failing, True),
    FaultClass("wrong-body", "deploy: HTTP 200, wrong page", deploy.wrong_body, True),
    FaultClass("latency-creep", "deploy: slower by 30 to 300 %", deploy.latency_creep, True),
    FaultClass("leak", "deploy: leak, worse over one to two hours", deploy.leak, True),
    FaultClass("late-onset", "deploy: onset 10 to 60 min later", deploy.late_onset, True),
    FaultClass("under-load", "deploy: onset under load, hours later", deploy.under_load, True),
    FaultClass("migration", "deploy: hard outage, rollback not safe", deploy.migration, True),
    FaultClass("overlap", "deploy: two services at once, one bad deploy", deploy.overlap, True, held_out=True),
    FaultClass("no-help", "deploy: a rollback does not help", deploy.no_help, True, 0.5, held_out=True),
    FaultClass("bad-deploy-with-dependant", "deploy: another service fails with it", deploy.with_dependant, True),
    FaultClass("comes-and-goes-deploy", "deploy: intermittent outage", intermittent.after_deploy, True, 0.5),
    FaultClass("comes-and-goes", "other cause: intermittent outage", intermittent.by_itself, weight=0.5),
    FaultClass("other-incident", "other cause, sometimes shortly after a deploy", other.other_incident, weight=6.0),
    FaultClass("short-outage", "other cause, outage of 1 to 4.5 min", other.short_outage, weight=3.0),
    FaultClass("blip-tail", "good deploy, restart fails for 55 to 110 s", other.blip_tail, weight=0.0, held_out=True),
    FaultClass("region-outage", "many services fail at once", other.region_outage),
    FaultClass(
        "region-after-deploy", "many services fail at once, after a deploy", other.region_after_deploy, weight=0.3
    ),
    FaultClass("blind", "the watchdog's own network fails", other.blind, weight=0.5),
    FaultClass("upstream", "outage of an upstream API", other.upstream, weight=2.0),
    FaultClass("database", "database outage", other.database),
    FaultClass("surge-with-errors", "traffic surge with errors", other.surge_with_errors),
    FaultClass("certificate", "expired certificate", other.certificate, weight=0.5),
    FaultClass("no-marker", "a change without a deploy marker", other.no_marker, held_out=True),
    FaultClass("restart-blip", "good deploy, restart fails for 5 to 40 s", benign.restart_blip, weight=2.2),
    FaultClass("restart-crash", "good deploy, restart fails, one reported crash", benign.restart_crash, weight=0.05),
    FaultClass("recovers", "blip of 15 to 40 s", benign.recovers, weight=1.0),
    FaultClass("long-blip", "blip of up to 55 s", benign.long_blip, held_out=True, weight=1.0),
    FaultClass("surge-quiet", "traffic surge without errors", benign.surge_quiet, weight=0.1),
    FaultClass("cron-spikes", "job: slow for 1 to 10 min every half hour", benign.cron_spikes, weight=0.2),
    FaultClass("flaky", "1 % of the requests always fail", benign.flaky, weight=0.2),
    FaultClass("few-new-errors", "good deploy with a rare new error", benign.few_new_errors, weight=0.5),
    FaultClass("feed-silent", "the error tracker receives nothing", benign.feed_silent, weight=0.05),
    FaultClass("feed-late", "the error tracker is late", benign.feed_late, weight=0.1),
    FaultClass("quiet-night", "low traffic, some errors", benign.quiet_night, weight=0.5),
)
BY_NAME = {one.name: one for one in CLASSES}


def played_on(seed: str) -> tuple[list[str], list[str]]:
    """Return the names of the classes that a seed plays, and of those that are held out of it."""
    refused = [one.name for one in CLASSES if one.held_out and seed.startswith(DEVELOPMENT)]
    return [one.name for one in CLASSES if one.name not in refused], refused
