"""The pages of `docs/reference/`, each generated from what it describes."""

from collections.abc import Callable, Mapping

from tests.handbook.reference import alerts, api, commands, configuration, metrics, notices, variables

GENERATED: Mapping[str, Callable[[], str]] = {
    "reference-configuration": configuration.text,
    "reference-variables": variables.text,
    "reference-commands": commands.text,
    "reference-api": api.text,
    "reference-metrics": metrics.text,
    "reference-notices": notices.text,
    alerts.NAME: alerts.text,
}
"""Each page with the function that makes its text."""
