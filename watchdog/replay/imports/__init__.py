"""History from elsewhere, for a replay: one importer a file, one line here."""

from watchdog.replay.imports import probes_csv, prometheus, sentry, upptime
from watchdog.replay.imports.history import ImportedHistory, Importer, Wanted

IMPORTERS: dict[str, Importer] = {
    "prometheus": prometheus.read,
    "upptime": upptime.read,
    "csv": probes_csv.read,
    "sentry": sentry.read,
}

__all__ = ["IMPORTERS", "ImportedHistory", "Importer", "Wanted"]
