"""A repository's own gate rules, from a text beside its code: the configuration's rules, restricted by them."""

from watchdog.presentation.gate.gate_rules import GateRules
from watchdog.settings.model.settings import Settings
from watchdog.settings.rules.gates import check_names, restricted
from watchdog.settings.schema.schema import GateFile
from watchdog.settings.text.validation import validate
from watchdog.settings.text.yaml_document import parse

PLACE = "gate"
"""The page of the handbook about such a file."""


def restricted_by(settings: Settings, service: str, text: str, name: str) -> GateRules:
    """Return the rules of a configured service, restricted by a rules file. Raises ConfigurationError with every
    mistake, also for each rule that would loosen the configuration.
    """
    document = parse(text, name, "gate: {soak: 48h}")
    shape = validate(GateFile, document.data, document) if document.data or not document.mistakes else None
    if shape is None:
        raise document.refusal(place=PLACE)
    check_names(document, ("gate",), shape.gate, service, settings.policy.services, settings.windows)
    objective = settings.policy.services[service].objective
    rules = restricted(document, settings.gates[service], shape.gate, objective, settings.windows)
    if document.mistakes:
        raise document.refusal(place=PLACE)
    return rules
