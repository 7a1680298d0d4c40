"""Write the Grafana dashboards: `python -m tests.dashboards --write`; without it, name those that differ."""

import sys

from tests.dashboards.grafana import files


def main(words: list[str]) -> int:
    """Compare or write; return 1 if something differs and is not written."""
    write = "--write" in words
    differing = [
        path for path, text in files().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in differing:
        print(f"{path.name}: {'written' if write else 'differs'}")
        if write:
            path.write_text(files()[path], encoding="utf-8")
    return int(bool(differing and not write))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
