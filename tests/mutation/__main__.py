"""Mutation testing by one command: `python -m tests.mutation [--own | --write | --again] [--hours H] [MODULE ...]`.

Without a module: the whole core and the actuation path, which takes hours. With `--hours` no module is begun later than
that, and their order is drawn anew each time. Ends with 1 if a mutant survives that `argued.toml` has no argument for.
`--write` writes `survivors/` anew. `--again` tries only the functions that have an open survivor or another text than
in the last run.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby

from tests.mutation import again, arguments, mutants, report
from tests.mutation.plan import ROOT, Target, default_modules, target


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="as watchdog/core/guards/guards.py")
    parser.add_argument("--children", type=int, default=2, help="mutants tried at the same time (2)")
    parser.add_argument("--own", action="store_true", help="only the modules' own tests: a quick look, never written")
    parser.add_argument("--write", action="store_true", help="write survivors/ anew")
    parser.add_argument("--hours", type=float, help="begin no module after so many hours, in an order that is drawn")
    parser.add_argument("--again", action="store_true", help="only what is open or changed since; written as --write")
    wanted = parser.parse_args(words)
    argued = arguments.load()
    outcomes: list[report.Outcome] = []
    targets = [target(module) for module in wanted.modules or default_modules()]
    for outcome in again.tried(targets, argued, wanted.children) if wanted.again else anew(targets, argued, wanted):
        outcomes.append(outcome)
        show(outcome)
        if wanted.again or (wanted.write and not wanted.own):
            report.write(outcome)
    return conclude(outcomes, argued)


def anew(
    targets: Sequence[Target], argued: Sequence[arguments.Argument], wanted: argparse.Namespace
) -> Iterator[report.Outcome]:
    for group in groups(targets, wanted.hours):
        yield from tried(group, argued, wanted.children, wide=not wanted.own)


def groups(targets: Sequence[Target], hours: float | None) -> Iterator[list[Target]]:
    """Yield what is tried together: all that have the same wide tests, or, within hours, one by one as drawn."""
    if hours is None:
        for _, group in groupby(targets, key=lambda one: one.wide):
            yield list(group)
        return
    began = time.monotonic()
    drawn = random.sample(targets, len(targets))
    for nth, one in enumerate(drawn):
        if nth and time.monotonic() - began >= hours * 3600:
            print(f"{hours:g} h are over; not tried: {' '.join(left.module for left in drawn[nth:])}")
            return
        yield [one]


def tried(
    targets: Sequence[Target], argued: Sequence[arguments.Argument], children: int, *, wide: bool
) -> list[report.Outcome]:
    """Return what became of the modules: by their own tests, then what is left of all of them by the wide tests."""
    own: dict[str, list[mutants.Mutant]] = {}
    for one in targets:
        own[one.module] = mutants.run(ROOT, [one.module], one.own, children=children)
        print(
            f"{one.module}: {len(own[one.module])} mutants, {sum(m.survived for m in own[one.module])} left", flush=True
        )
    left = [m.name for found in own.values() for m in found if m.survived and wide]
    modules = [module for module, found in own.items() if any(m.survived for m in found)]
    second = mutants.run(ROOT, modules, targets[0].wide, left, children=children) if left else []
    again = {mutant.name: mutant for mutant in second}
    return [
        report.Outcome(
            module,
            [again.get(mutant.name, mutant) for mutant in found],
            sum(mutant.fate is mutants.Fate.KILLED for mutant in found),
            argued,
        )
        for module, found in own.items()
    ]


def show(outcome: report.Outcome) -> None:
    print(outcome.module, *(f"{key}={value}" for key, value in outcome.numbers().items()), flush=True)
    for mutant in outcome.open:
        print(f"  {mutant.fate.value}, not argued: {mutant.function}\n    - {mutant.removed}\n    + {mutant.added}")


def conclude(outcomes: Sequence[report.Outcome], argued: Sequence[arguments.Argument]) -> int:
    """Print what nobody needs any more and the sum, and return the exit code."""
    if {outcome.module for outcome in outcomes} == set(default_modules()):
        for argument in report.idle(outcomes, argued):
            print(f"no survivor needs this argument: {argument.category}, {argument.module}, {argument.functions}")
    total, unargued = sum(len(one.mutants) for one in outcomes), sum(len(one.open) for one in outcomes)
    print(f"{total} mutants, {sum(len(one.survivors) for one in outcomes)} survived, {unargued} of them not argued")
    return 1 if unargued else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
