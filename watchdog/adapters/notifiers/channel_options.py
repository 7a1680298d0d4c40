"""The options that every channel has."""

from typing import Annotated

from pydantic import AfterValidator

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.options import Options, zone_named


class ChannelOptions(Options):
    """The base of a channel's options."""

    zone: Annotated[str, AfterValidator(zone_named), written_as("^[A-Za-z0-9_+/-]+$", "Europe/Berlin", "UTC")] = "UTC"
