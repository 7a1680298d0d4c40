"""PyYAML's safe loader with limits, and with a line for each mistake.

PyYAML composes recursively. Its scanner and constructors call Python's chr, int, float and datetime, whose errors have
no line.
"""

from typing import Any

import yaml

DEPTH_MAX = 20
NODES_MAX = 20_000
SCALAR_MAX = 8192
"""The characters of one value; expressions that check values are not linear in them."""
INTEGER_BITS_MAX = 64
"""Python refuses to write integers of more than 4,300 digits as text."""
TOO_MUCH = "nested too deeply, or too many values (an alias within itself?)"


class Unusable(Exception):
    """The document is unusable from this line (counted from 1) on; `instead` is the form to write."""

    def __init__(self, what: str, line: int = 1, instead: str = "") -> None:
        super().__init__(what)
        self.line = line
        self.instead = instead


class BoundedLoader(yaml.SafeLoader):
    """Loads plain data. Raises only yaml.YAMLError or Unusable, for any text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0

    def get_single_node(self) -> yaml.Node | None:
        """Return the tree of nodes."""
        try:
            return super().get_single_node()
        except (yaml.YAMLError, Unusable):
            raise
        # Escapes such as "\U99999999" make Python's chr raise, without a line.
        except Exception as error:
            how = "check the escapes and numbers on this line"
            raise Unusable("not valid YAML: unreadable characters", self.line + 1, how) from error

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Return a node with all its descendants."""
        # Read before composing: afterwards the event is consumed, and an error would have no line.
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        self._nodes += 1
        self._depth += 1
        if self._nodes > 2 * NODES_MAX or self._depth > DEPTH_MAX + 1:  # a key is a node, too
            raise Unusable(TOO_MUCH, line)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(node, yaml.ScalarNode) and len(node.value) > SCALAR_MAX:
            raise Unusable(f"a value of more than {SCALAR_MAX} letters", line, "write a shorter one")
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node."""
        line = node.start_mark.line + 1
        try:
            value = super().construct_object(node, deep)
        except (yaml.YAMLError, Unusable):
            raise
        except Exception as error:
            raise Unusable("not a value YAML can read", line, "put it in quotes, or write another one") from error
        if isinstance(value, int) and value.bit_length() > INTEGER_BITS_MAX:
            raise Unusable("a number with too many digits", line, "put it in quotes, or write a smaller one")
        return value
