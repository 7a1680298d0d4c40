"""Write the generated pages of the handbook: `python -m tests.handbook --write`; without it, name those that differ."""

import argparse
import sys

from tests.handbook.reference import GENERATED
from watchdog.docs import file_of


def main(words: list[str]) -> int:
    """Compare or write; return 1 if something differs and is not written."""
    parser = argparse.ArgumentParser(prog="python -m tests.handbook", description=__doc__, allow_abbrev=False)
    parser.add_argument("--write", action="store_true", help="write the pages that differ")
    write = parser.parse_args(words).write
    differing = 0
    for name, make in GENERATED.items():
        path, text = file_of(name), make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        differing += 1
        print(f"{name}: {'written' if write else 'differs'}")
        if write:
            path.write_text(text, encoding="utf-8")
    return int(bool(differing and not write))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
