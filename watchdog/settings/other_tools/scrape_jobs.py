"""The jobs of a Prometheus that ask a blackbox exporter to probe: each target with its module and its pace.

Such a job has the path `/probe`. Its targets are the sites; the exporter that it scrapes stands in its relabelling.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchdog.settings.other_tools.sites import Found, Site, entries, word

EVERY, TIMEOUT = "1m", "10s"
"""Interval and timeout of Prometheus where neither the job nor `global:` has one."""
PROBE_PATH = "/probe"
MODULE, TARGET, ADDRESS = "__param_module", "__param_target", "__address__"
"""Labels by which relabelling says what is probed, and how."""
NAMES = ("name", "instance", "service", "app", "site")
"""Labels that are taken for the name of a site, the first that there is."""
SECTIONS: Mapping[str, str] = {
    "alerting": "alerting: choose who is notified below channels:",
    "rule_files": "rule_files: what a rule asks of that Prometheus, prometheus: can ask",
    "scrape_config_files": "scrape_config_files: name these files as well, each by --from",
    "remote_write": "remote_write: here metrics: sends our own figures",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a job."""

    place: str
    """What is probed, as the file has it."""
    name: str
    """By a label; empty: it has none."""
    job: str
    module: str
    """The module of the exporter that probes it; empty: none is named."""
    pace: Mapping[str, Any]
    """`scrape_interval` and `scrape_timeout`, durations of Prometheus."""
    note: str
    """What of its relabelling is not followed; empty: nothing."""


def targets_of(document: Mapping[str, Any], found: Found) -> Iterator[Target]:
    """Yield the targets of a document's jobs, and note what concerns no target alone."""
    jobs = entries(document.get("scrape_configs"))
    probing = [job for job in jobs if word(job.get("metrics_path")).rstrip("/").endswith(PROBE_PATH)]
    usual = document.get("global")
    usual = usual if isinstance(usual, dict) else {}
    for job in probing:
        elsewhere = [key for key in job if str(key).endswith("_sd_configs") and job[key]]
        if elsewhere:
            site = Site(word(job.get("job_name")))
            site.left_out = "its targets are found elsewhere: write them in static_configs:, or below services: here"
            found.sites.append(site)
        yield from _targets_of_job(job, usual)
    found.notes += [note for key, note in SECTIONS.items() if document.get(key)]
    if rest := len(jobs) - len(probing):
        found.notes.append(f"jobs that scrape metrics ({rest}): prometheus: asks a Prometheus for values that count")


def _targets_of_job(job: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[Target]:
    params = job.get("params")
    params = params if isinstance(params, dict) else {}
    rules = entries(job.get("relabel_configs"))
    pace = {
        "scrape_interval": job.get("scrape_interval") or usual.get("scrape_interval") or EVERY,
        "scrape_timeout": job.get("scrape_timeout") or usual.get("scrape_timeout") or TIMEOUT,
    }
    for group in entries(job.get("static_configs")):
        labels = group.get("labels")
        labels = labels if isinstance(labels, dict) else {}
        modules = (word(labels.get(MODULE)), _relabelled(rules, labels), _first(params.get("module")))
        # With the target among the parameters, the listed one is the exporter.
        listed = params.get("target") or group.get("targets")
        for place in listed if isinstance(listed, list) else []:
            if word(place).strip():
                yield Target(
                    place=word(place).strip(),
                    name=next((word(labels[key]) for key in NAMES if word(labels.get(key))), ""),
                    job=word(job.get("job_name")),
                    module=next(filter(None, modules), ""),
                    pace=pace,
                    note=_not_followed(rules),
                )


def _first(value: object) -> str:
    return word(value[0]) if isinstance(value, list) and value else word(value)


def _relabelled(rules: list[Mapping[str, Any]], labels: Mapping[str, Any]) -> str:
    """Return the module that relabelling takes as it is from one label of the targets."""
    for rule in rules:
        match rule:
            case {"target_label": "__param_module", "source_labels": [str(source)]} if not _changes(rule):
                return word(labels.get(source))
    return ""


def _not_followed(rules: list[Mapping[str, Any]]) -> str:
    """Return a note if relabelling changes or drops targets by rules of its own."""
    for rule in rules:
        sources, action = rule.get("source_labels"), word(rule.get("action")) or "replace"
        of_target = rule.get("target_label") == TARGET and (sources != [ADDRESS] or _changes(rule))
        if of_target or action in ("keep", "drop", "keepequal", "dropequal"):
            return "relabel_configs: they change or drop targets, which are taken here as they are written"
    return ""


def _changes(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule makes another value of what it takes."""
    return rule.get("replacement", "$1") not in ("$1", "${1}") or rule.get("regex", "(.*)") not in ("(.*)", "(.+)")
