"""Which tests prove which promise?

`python -m tests.benchmarks.promises` prints a table of what docs/promises.md promises, with how many tests prove each
and in which files; `--tests` names them.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.benchmarks.figures import aligned
from tests.promises import Promise, Proof, promises, proofs

WIDEST = 60


def table(made: Sequence[Promise], found: Mapping[str, Sequence[Proof]]) -> str:
    """Return each promise with the number of its tests, and their files."""
    rows = [("", "promised", "tests", "in")]
    for promise in made:
        files = Counter(proof.file.removeprefix("tests/") for proof in found.get(promise.name, ()))
        rows.append((promise.name, _cut(promise.words), str(files.total()), _cut(", ".join(files))))
    return aligned(rows)


def listing(made: Sequence[Promise], found: Mapping[str, Sequence[Proof]]) -> str:
    """Return each promise with its tests."""
    lines = []
    for promise in made:
        lines.append(f"{promise.name} {promise.words}")
        lines += [f"    {proof.file}::{proof.test}" for proof in found.get(promise.name, ())]
    return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", action="store_true", help="name the tests")
    options = parser.parse_args()
    print((listing if options.tests else table)(promises(), proofs()))


if __name__ == "__main__":
    main()
