"""Arguments: why a surviving mutant is no hole, one for many, in `argued.toml`.

Rule 1: an argument names functions and lines, never a mutant's number.
Rule 2: "wording" is decided here, not claimed: the two lines are the same letters but for their case and mutmut's XX.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.mutation.mutants import Mutant

ARGUED = Path(__file__).with_name("argued.toml")


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason and the survivors it is for: globs of the module and the function, an expression of the lines."""

    category: str
    why: str
    module: str = "*"
    functions: tuple[str, ...] = ("*",)
    lines: str = ""
    wording: bool = False

    def holds(self, mutant: Mutant) -> bool:
        here = fnmatchcase(mutant.module, self.module)
        named = any(fnmatchcase(mutant.function, pattern) for pattern in self.functions)
        return here and named and (not self.wording or is_wording(mutant)) and bool(re.search(self.lines, mutant.diff))


def is_wording(mutant: Mutant) -> bool:
    """Tell whether only the case of letters changed, or mutmut's XX were put around a text."""
    plain = [re.sub(r"XX", "", line).lower() for line in (mutant.removed, mutant.added)]
    return plain[0] == plain[1] and bool(plain[0])


def load(path: Path = ARGUED) -> list[Argument]:
    """Return the arguments; raises TypeError for a key that is none and ValueError for one that argues nothing."""
    found = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("argued", []):
        argument = Argument(**{**entry, "functions": tuple(entry.get("functions", ("*",)))})
        if not (argument.wording or argument.lines) or len(argument.why) < 20:
            raise ValueError(f"{path.name}: {entry} needs lines or wording, and a reason")
        found.append(argument)
    return found


def argument_for(mutant: Mutant, arguments: Iterable[Argument]) -> Argument | None:
    """Return the first argument that holds for the mutant, or none."""
    return next((argument for argument in arguments if argument.holds(mutant)), None)
