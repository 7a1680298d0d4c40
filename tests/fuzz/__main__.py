"""Coverage-guided fuzzing of one parser of foreign bytes: `python -m tests.fuzz NAME [--seconds N]`.

It needs atheris, which no extra brings, as not every Python that we run on has a wheel of it: `pip install atheris`
(3.0 for Python 3.11, 3.1 for 3.12 to 3.14; none for 3.15 yet). It begins with the inputs in `corpus/NAME.txt`, and ends
with 1 at the first input that is not answered as the table in `parsers.py` says, takes too long, or becomes too much;
that input is printed as a line for `corpus/NAME.txt`. `--list` names the parsers; `every` fuzzes one after the other.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

EVERY = "every"


def main(words: Sequence[str]) -> int:
    """Fuzz what is asked for; of one parser it does not return but for a mistake: the fuzzer ends the process."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", help=f"the parser, or {EVERY}")
    parser.add_argument("--seconds", type=int, default=60, help="for so long (60)")
    parser.add_argument("--list", action="store_true", help="name the parsers")
    wanted = parser.parse_args(words)
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install atheris (for Python 3.11 to 3.14)", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=["watchdog", "h11", "uvicorn", "starlette"]):
        from tests.fuzz.corpus import kept, varied
        from tests.fuzz.parsers import PARSERS
        from tests.fuzz.play import played
    if wanted.name == EVERY:
        command = [sys.executable, "-m", "tests.fuzz", "--seconds", str(wanted.seconds)]
        failed = [name for name in PARSERS if subprocess.run([*command, name], check=False).returncode != 0]
        print(f"{len(PARSERS)} parsers, {wanted.seconds} s each; failed: {', '.join(failed) or 'none'}")
        return 1 if failed else 0
    if wanted.list or wanted.name not in PARSERS:
        print(f"choose from {', '.join(PARSERS)}", file=sys.stderr)
        return 0 if wanted.list else 2
    one = PARSERS[wanted.name]

    def test(data: bytes) -> None:
        try:
            played(one, data)
        except BaseException:
            print(f"\ncorpus/{wanted.name}.txt: {data!a}", flush=True)
            raise

    def mutated(data: bytes, size_max: int, seed: int) -> bytes:
        from random import Random

        return varied(Random(seed), [data])[:size_max] if seed % 2 else atheris.Mutate(data, size_max)

    folder = Path(tempfile.mkdtemp(prefix="watchdog-fuzz-"))
    for number, data in enumerate(kept(wanted.name)):
        (folder / f"{number}").write_bytes(data)
    os.chdir(folder)
    options = [f"-max_total_time={wanted.seconds}", f"-max_len={one.longest}", "-timeout=30", "-rss_limit_mb=0"]
    atheris.Setup([sys.argv[0], *options, str(folder)], test, custom_mutator=mutated)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
