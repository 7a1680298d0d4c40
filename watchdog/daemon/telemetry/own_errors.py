"""The report of the daemon's own errors, if there is a DSN: without one the SDK is not loaded, which takes 4 MiB."""

from types import ModuleType

from watchdog.daemon.telemetry.logs import Redact

_loaded: list[ModuleType] = []


def start(dsn: str | None, version: str, redact: Redact) -> None:
    """Report errors to the DSN from now on; without one, report none. Raises Permanent for an invalid DSN."""
    if dsn:
        from watchdog.daemon.telemetry import error_reporting

        error_reporting.start(dsn, version, redact)
        _loaded[:] = [error_reporting]


def report(error: BaseException) -> None:
    """Report one error; does nothing without a DSN."""
    for reporting in _loaded:
        reporting.report(error)


def stop() -> None:
    """Send the waiting events, within 2 s, and report no more."""
    for reporting in _loaded:
        reporting.stop()
    _loaded.clear()
