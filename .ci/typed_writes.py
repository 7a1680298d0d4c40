"""mypy plugin: the keyword arguments of `fast_replace` and of the core's writes are the fields of what is copied.

mypy itself checks `dataclasses.replace`. `fast_replace(thing, **fields)` does the same faster, and
`StepContext.update_incident` and its like pass their arguments on: without this plugin mypy accepts any name or
type there. mypy's dataclass plugin gives every dataclass a hidden method with its fields as optional arguments; that
signature is used here.
"""

from collections.abc import Callable
from functools import partial

from mypy.nodes import MypyFile, TypeInfo
from mypy.plugin import FunctionSigContext, MethodSigContext, Plugin
from mypy.plugins.dataclasses import _INTERNAL_REPLACE_SYM_NAME, replace_function_sig_callback
from mypy.types import CallableType, FunctionLike, get_proper_type

INCIDENTS = "watchdog.domain.incidents"
FAST_REPLACE = "watchdog.domain.fast_replace.fast_replace"
WRITES = {
    "watchdog.core.context.StepContext.update_incident": f"{INCIDENTS}.Incident",
    "watchdog.core.context.StepContext.update_question": f"{INCIDENTS}.Question",
    "watchdog.core.context.StepContext.update_pin": f"{INCIDENTS}.Pin",
    "watchdog.core.context.StepContext.update_rollback": f"{INCIDENTS}.RollbackAttempt",
    "watchdog.core.context.StepContext.update_escalation": f"{INCIDENTS}.Escalation",
    "watchdog.core.context.StepContext.update_service": f"{INCIDENTS}.ServiceState",
}
"""A method whose arguments are the fields of a class."""


class TypedWrites(Plugin):
    """Gives the writes their signatures."""

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Check the core's modules again when the fields that they write have changed."""
        return [(10, INCIDENTS, -1)] if file.fullname.startswith("watchdog.core.") else []

    def get_function_signature_hook(self, fullname: str) -> Callable[[FunctionSigContext], FunctionLike] | None:
        """Check `fast_replace` as mypy checks `dataclasses.replace`."""
        return replace_function_sig_callback if fullname == FAST_REPLACE else None

    def get_method_signature_hook(self, fullname: str) -> Callable[[MethodSigContext], FunctionLike] | None:
        """Check a write by the fields of the class it writes."""
        return partial(self._by_fields, WRITES[fullname]) if fullname in WRITES else None

    def _by_fields(self, written: str, context: MethodSigContext) -> FunctionLike:
        symbol = self.lookup_fully_qualified(written)
        found = (
            symbol.node.get_method(_INTERNAL_REPLACE_SYM_NAME) if symbol and isinstance(symbol.node, TypeInfo) else None
        )
        fields = get_proper_type(found.type) if found is not None else None
        if not isinstance(fields, CallableType):
            context.api.fail(f"{written} is no dataclass: its writes cannot be checked", context.context)
            return context.default_signature
        return context.default_signature.copy_modified(
            arg_types=fields.arg_types, arg_kinds=fields.arg_kinds, arg_names=fields.arg_names
        )


def plugin(_version: str) -> type[Plugin]:
    """Return the plugin; mypy calls this."""
    return TypedWrites
