"""A feature flag that can be switched off, and perhaps read."""

from typing import Protocol


class FlagSwitch(Protocol):
    """One feature flag of one service.

    Rule: `switch_off` is called once and never repeated; `is_off` may be repeated.
    """

    can_look: bool  # `is_off` can be asked

    async def switch_off(self) -> None:
        """Switch the flag off with ONE request.

        Raises Temporary when nothing was sent or done, Permanent or Refused when it is refused, OutcomeUnknown
        otherwise.
        """

    async def is_off(self) -> bool:
        """Return whether the flag is off now. Raises Temporary or Permanent."""

    async def close(self) -> None:
        """Close connections."""
