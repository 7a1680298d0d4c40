"""`watchdog check [--live]`: the configuration's meaning, tried against the real services; each fault with its fix.

Rule 1: a check only reads: it sends no page and changes nothing.
Rule 2: every check has a deadline, and one that fails hides no other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import WatchdogError
from watchdog.domain.readings import Bad, Good, Reading
from watchdog.ports import Notifier, SignalSource
from watchdog.settings.check.check_render import render_jobs
from watchdog.settings.check.check_result import CheckOutcome, CheckResult, Clients, Job, TargetFinder
from watchdog.settings.model.settings import Settings
from watchdog.settings.text.summary import report

__all__ = ["CheckOutcome", "CheckResult", "Clients", "TargetFinder", "live_checks", "report"]

TIMEOUT_SECONDS = 30.0


async def live_checks(
    settings: Settings, clients: Clients, timeout_seconds: float = TIMEOUT_SECONDS
) -> list[CheckResult]:
    """Run every check once, side by side, and return the results in the order of the configuration.

    `clients.extra` are further checks by name (Sentry's: see check_sentry.py). An outage of a checked service is a
    result, never an exception.
    """
    jobs = [*render_jobs(settings, clients), *clients.extra]
    for name, source in clients.signals.items():
        jobs.append((f"signal {name}", _reading_job(f"signal {name}", source, _signal_fix(name), CheckOutcome.FAIL)))
    for url, source in clients.controls.items():
        fix = "name another site under control:, or let this machine reach it"
        jobs.append((f"control {url}", _reading_job(f"control {url}", source, fix, CheckOutcome.FAIL)))
    for name, source in clients.pages.items():
        fix = "an outage there passes; if the page is not readable at all, correct vendor_status:"
        # Only a warning: a vendor's outage is no fault of this configuration.
        jobs.append((f"status page {name}", _reading_job(f"status page {name}", source, fix, CheckOutcome.WARN)))
    for name, channel in clients.channels.items():
        jobs.append((f"channel {name}", _channel_job(name, channel)))
    async with asyncio.TaskGroup() as group:
        # A task each, so that the slowest service sets the time, not the sum of all.
        tasks = [group.create_task(_bounded(name, job, timeout_seconds)) for name, job in jobs]
    return [result for task in tasks for result in task.result()]


async def _bounded(name: str, job: Job, timeout_seconds: float) -> Sequence[CheckResult]:
    """Return the results of one job, each with the time that the job took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    results = await _tried(name, job, timeout_seconds)
    return [replace(one, took_seconds=loop.time() - began) for one in results]


async def _tried(name: str, job: Job, timeout_seconds: float) -> Sequence[CheckResult]:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await job()
    except TimeoutError:
        what = f"no answer in {timeout_seconds:.0f} s"
        return [CheckResult(name, CheckOutcome.FAIL, what, "check the address and this machine's way to it")]
    except WatchdogError as error:
        return [CheckResult(name, CheckOutcome.FAIL, str(error), "see the reason")]
    except Exception as error:  # noqa: BLE001  rule 2: a fault of ours in one check must not hide the others
        # The type alone: the text of a foreign exception may hold a URL or a key.
        what = f"a fault of the watchdog in this check ({type(error).__name__})"
        return [CheckResult(name, CheckOutcome.FAIL, what, "report it; the other checks are not concerned")]


def _signal_fix(name: str) -> str:
    service, _, signal = name.partition("/")
    return f"if the site is well, correct services.{service}.signals.{signal}"


def _reading_job(name: str, source: SignalSource, fix: str, when_bad: CheckOutcome) -> Job:
    async def job() -> Sequence[CheckResult]:
        readings = [sample.reading for sample in await source.read()]
        return [_judge(name, readings, fix, when_bad)]

    return job


def _judge(name: str, readings: Sequence[Reading], fix: str, when_bad: CheckOutcome) -> CheckResult:
    """Return the worst of the readings; a source without readings is healthy."""
    for reading in readings:
        if isinstance(reading, Bad):
            return CheckResult(name, when_bad, reading.why, fix)
    for reading in readings:
        if not isinstance(reading, Good):
            return CheckResult(
                name, CheckOutcome.WARN, f"unknown: {reading.why}", "unknown is no evidence: make it readable"
            )
    details = [reading.detail for reading in readings if isinstance(reading, Good) and reading.detail]
    return CheckResult(name, CheckOutcome.OK, details[0] if details else "answers" if readings else "nothing to report")


def _channel_job(name: str, channel: Notifier) -> Job:
    async def job() -> Sequence[CheckResult]:
        try:
            return [CheckResult(f"channel {name}", CheckOutcome.OK, await channel.check())]
        except WatchdogError as error:
            fix = f"correct channels.{name} or its WATCHDOG_* variable, then try {command_line('notify test')}"
            return [CheckResult(f"channel {name}", CheckOutcome.FAIL, str(error), fix)]

    return job
