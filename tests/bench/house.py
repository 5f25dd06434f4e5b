"""Size, structure and wording of the code, for one checkout or for several side by side.

Run: python -m tests.bench.house [folder ...]          the figures of each folder, a column each (without one: this folder)
     python -m tests.bench.house --sample 100 [folder] docstrings and comments drawn at random, the same in each run

A person who reads the sample counts the share of plain docstrings: docs/architecture.md has the count.
"""

from __future__ import annotations

import argparse
import ast
import io
import random
import re
import statistics
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

SEED = 13
# Names that only this code used, and words of its prose that sounded foreign.
PRIVATE_MODULES = """
    visits walls stretches shown_rooms meanwhile shelves parts arrivals cutting decoder emblems logos
    placards posters many together standing workshop prepared front_door keeping copies living_example
    narrowing figures closing likeness demand acting
"""
PRIVATE_NAMES = """
    ChangedMeanwhile Counting Demand Door Emblem FrontDoor GoneSilent Landing Narrowing Placard Sighting
    Sightings Stretch Tally Workshop darkroom emblem emblems knock placard placards shelf shelves
    stretch stretches tally told whoever workshop
"""
FOREIGN_WORDS = ("meanwhile", "anew", "whoever", "beside", "told", "stands")


def code_files(folder: Path, root: str) -> list[Path]:
    skipped = {"vendor", "node_modules", "migrations", "__pycache__"}
    return sorted(path for path in (folder / root).rglob("*.py") if not skipped & set(path.parts))


def identifiers(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield token.string


def prose(source: str) -> Iterator[str]:
    """Each docstring, and each run of comment lines, as one text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            docstring := ast.get_docstring(node)
        ):
            name = getattr(node, "name", "(module)")
            yield f"{name}: {' '.join(docstring.split())}"
    comment: list[str] = []
    last = -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or token.string.startswith(("# noqa", "# type:", "#!")):
            continue
        if token.start[0] != last + 1 and comment:
            yield " ".join(comment)
            comment = []
        comment.append(token.string)
        last = token.start[0]
    if comment:
        yield " ".join(comment)


def imports(tree: ast.Module) -> int:
    return sum(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree))


def figures(folder: Path) -> dict[str, str]:
    sources = {path: path.read_text() for path in code_files(folder, "gallery")}
    trees = {path: ast.parse(source) for path, source in sources.items()}
    lines = [source.count("\n") for source in sources.values()]
    functions = [
        (node.end_lineno or 0) - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    imported = [imports(tree) for tree in trees.values()]
    private = set(PRIVATE_NAMES.split())
    names = [name for source in sources.values() for name in identifiers(source)]
    texts = [text for source in sources.values() for text in prose(source)]
    words = re.findall(r"[a-z]+", " ".join(texts).lower())
    tests = sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for path in code_files(folder, "tests")
        for node in ast.walk(ast.parse(path.read_text()))
    )
    return {
        "modules": str(len(sources)),
        "lines": f"{sum(lines):,}",
        "lines a file: median, p90, max": spread(lines, 50, 90),
        "lines a function: median, p99, max": spread(functions, 50, 99),
        "imports a file: median, p90, max": spread(imported, 50, 90),
        "docstrings and comments": f"{len(texts):,}",
        "words in them": f"{len(words):,}",
        **{f"… {word!r}": str(words.count(word)) for word in FOREIGN_WORDS},
        "modules with private names": str(sum(path.stem in PRIVATE_MODULES.split() for path in sources)),
        "private names": str(sum(name in private for name in names)),
        "_meta.fields_map outside db": str(
            sum(
                source.count("_meta.fields_map")
                for path, source in sources.items()
                if path.parts[len(folder.parts) + 1] != "db"
            )
        ),
        "test functions": f"{tests:,}",
    }


def spread(values: Sequence[int], *percents: int) -> str:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return ", ".join(str(round(cuts[percent - 1])) for percent in percents) + f", {max(values)}"


def sample(folder: Path, size: int) -> list[str]:
    texts = [
        f"{path.relative_to(folder)}: {text}"
        for path in code_files(folder, "gallery")
        for text in prose(path.read_text())
    ]
    return random.Random(SEED).sample(texts, size)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path, default=[Path()])
    parser.add_argument("--sample", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.sample:
        for number, text in enumerate(sample(chosen.folders[0], chosen.sample), 1):
            print(f"{number:>3} {text}")
        return
    columns = [figures(folder) for folder in chosen.folders]
    for label in columns[0]:
        print(f"{label:<36}" + "".join(f"{column[label]:>16}" for column in columns))


if __name__ == "__main__":
    main()
