"""Report: the numbers of a module, and its survivors with their arguments.

`survivors/` holds one text per module as it was last run; its first line has the numbers.
"""

import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.arguments import Argument, argument_for
from tests.mutation.mutants import Fate, Mutant
from tests.mutation.plan import ROOT

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """A module's mutants; `own`: how many of them the module's own tests killed."""

    module: str
    mutants: Sequence[Mutant]
    own: int
    arguments: Sequence[Argument]

    @property
    def survivors(self) -> list[Mutant]:
        return [mutant for mutant in self.mutants if mutant.survived]

    @property
    def open(self) -> list[Mutant]:
        """Return what no test noticed and nobody argued, and what could not be run."""
        unargued = [mutant for mutant in self.survivors if argument_for(mutant, self.arguments) is None]
        return unargued + [mutant for mutant in self.mutants if mutant.fate in (Fate.UNCLEAR, Fate.NOT_RUN)]

    def numbers(self) -> dict[str, str]:
        fates = Counter(mutant.fate for mutant in self.mutants)
        noticed = fates[Fate.KILLED] + fates[Fate.TIMEOUT]
        survivors = self.survivors
        argued = sum(argument_for(mutant, self.arguments) is not None for mutant in survivors)
        share = f"{noticed / len(self.mutants):.1%}" if self.mutants else "-"
        counts = [len(self.mutants), fates[Fate.KILLED], self.own, fates[Fate.TIMEOUT], len(survivors), argued]
        return dict(zip(KEYS, [*map(str, counts), share], strict=True))

    def lines(self) -> list[str]:
        """Return every survivor with its category, then what is open."""
        told = []
        for mutant in self.survivors:
            argument = argument_for(mutant, self.arguments)
            category = argument.category if argument else "OPEN"
            told.append(f"[{category}] {line(mutant)}")
        return sorted(told) + [f"[UNCLEAR] {line(mutant)}" for mutant in self.open if not mutant.survived]


def line(mutant: Mutant) -> str:
    return f"{mutant.function}: {mutant.diff}"


@dataclass(frozen=True, slots=True)
class Last:
    """The last run of a module as it was written down: its numbers, its survivors, the functions of the open ones."""

    numbers: dict[str, str]
    survivors: frozenset[str]
    open: frozenset[str]


def last(module: str, folder: Path = HERE) -> Last:
    """Return the last run of a module; raises OSError if it was never run."""
    first, *lines = (folder / "survivors" / _file_name(module)).read_text(encoding="utf-8").splitlines()
    told = [one.partition("] ")[::2] for one in lines]
    numbers = dict(word.split("=") for word in first.split()[1:])
    opened = frozenset(text.partition(":")[0] for category, text in told if category in ("[OPEN", "[UNCLEAR"))
    return Last(numbers, frozenset(text for _, text in told), opened)


KEYS = ("mutants", "killed", "own", "timeouts", "survivors", "argued", "share")


def idle(outcomes: Iterable[Outcome], arguments: Iterable[Argument]) -> list[Argument]:
    """Return the arguments for these modules that no survivor needs any more."""
    survivors = [mutant for outcome in outcomes for mutant in outcome.survivors]
    used = {id(argument_for(mutant, arguments)) for mutant in survivors}
    return [argument for argument in arguments if id(argument) not in used]


def commit(root: Path = ROOT) -> dict[str, str]:
    command = ["git", "log", "-1", "--format=%h %cs"]
    name, day = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split()
    return {"date": day, "commit": name}


def write(outcome: Outcome, folder: Path = HERE) -> None:
    """Write the module's numbers and survivors down."""
    numbers = {**outcome.numbers(), **commit()}
    first = " ".join(f"{key}={value}" for key, value in numbers.items())
    (folder / "survivors").mkdir(exist_ok=True)
    text = "\n".join([f"{outcome.module} {first}", *outcome.lines()])
    (folder / "survivors" / _file_name(outcome.module)).write_text(f"{text}\n", encoding="utf-8")


def _file_name(module: str) -> str:
    return module.removeprefix("watchdog/").removesuffix(".py").replace("/", ".") + ".txt"
