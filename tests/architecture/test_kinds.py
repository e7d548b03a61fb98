"""What a kind of input or outcome costs outside of its own folders: the lines that name it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from pmed_core.modalities import Modality
from pmed_core.outcomes import Outcome

ROOT = Path(__file__).parents[2]
NOUNS = {one.__module__: one for one in (*get_args(Modality), *get_args(Outcome))}
"""Package of a kind -> its noun."""
MARKS = {
    "Scan": ("Kind.SCAN", "SCANS"), "Molecule": ("Kind.MOLECULE", "MOLECULES", "MOLECULE"),
    "Response": ("Kind.PROFILE",), "Sequence": ("Kind.SEQUENCE", "SEQUENCES"),
    "Expression": ("Kind.EXPRESSION", "MATRICES"), "Variants": ("Kind.VARIANTS", "VARIANTS"),
    "Treatment": ("Role.TREATMENT",),
}  # fmt: skip
"""Members of ``variable`` and suffixes of files that are a kind's alone."""
SERVICE = {
    "Scan": "scans", "Molecule": "molecules", "Response": "response", "Sequence": "sequences",
    "Expression": "expression", "Variants": "variants",
}  # fmt: skip
"""Its own verbs."""
AT_MOST = {
    "Treatment": 14,
    "Scan": 54,
    "Response": 15,
    "Molecule": 24,
    "Sequence": 22,
    "Expression": 22,
    "Variants": 31,
    "Tabular": 25,
    "YesNo": 25,
    "Classes": 20,
    "TimeToEvent": 9,
    "Number": 14,
    "Several": 11,
    "Effect": 22,
}
SOURCES = sorted(path for part in ("pmed_core", "pages") for path in (ROOT / part).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in packages)


def own(kind: str) -> tuple[str, ...]:
    """The packages and modules that are a kind's alone."""
    named = SERVICE.get(NOUNS[kind].__name__)
    front = kind.replace("pmed_core", "pages.parts")
    return (kind, front, *([f"pmed_core.service.{named}"] if named else []))


@cache
def text(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def exported(kind: str) -> frozenset[str]:
    """Classes of its noun and options, which others also know by ``outcomes`` and ``options``."""
    folder = ROOT / Path(*kind.split("."))
    paths = [one for one in (folder / "__init__.py", folder / "options.py") if one.exists()]
    return frozenset(
        node.name for path in paths for node in parsed(path).body if isinstance(node, ast.ClassDef)
    )


@cache
def said(path: Path) -> tuple[tuple[str, int], ...]:
    """Names that a file uses, with dots, and members of ``Kind`` and ``Role`` that it defines."""
    found = list[tuple[str, int]]()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Name | ast.Attribute):
            found.append((ast.unparse(node), node.lineno))
        elif isinstance(node, ast.ClassDef) and node.name in ("Kind", "Role"):
            members = ((ast.unparse(one).split(" =")[0], one.lineno) for one in node.body)
            found += [(f"{node.name}.{name}", line) for name, line in members]
    return tuple(found)


def imported(path: Path, kind: str) -> Iterator[tuple[str, int]]:
    """Names of what a file imports of a kind, and the lines."""
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        above = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        again = above in ("pmed_core.outcomes.", "pmed_core.modalities.", "pmed_core.options.")
        for alias in node.names:
            if within(above + alias.name, own(kind)) or (again and alias.name in exported(kind)):
                yield alias.asname or alias.name, alias.lineno


def naming(path: Path, kind: str) -> set[int]:
    """Lines of a file that import a kind, or use what was imported."""
    noun, found = NOUNS[kind].__name__, list(imported(path, kind))
    names = {name for name, _ in found} | set(MARKS.get(noun, ()))
    names |= {f"{package}.{noun}" for package in ("outcomes", "modalities", "nouns")}
    lines = {line for _, line in found}
    return lines | {line for name, line in said(path) if name in names}


def elsewhere(kind: str) -> list[str]:
    """Lines that name a kind outside of the folders of kinds; samples are data, and their own."""
    kinds = (*(one for each in NOUNS for one in own(each)), "pmed_core.samples")
    return [
        f"{path.relative_to(ROOT)}:{line}: {text(path)[line - 1].strip()}"
        for path in SOURCES
        if not within(module_of(path), kinds)
        for line in sorted(naming(path, kind))
    ]


@pytest.mark.parametrize("kind", NOUNS, ids=lambda kind: kind.rpartition(".")[2])
def test_a_kind_is_named_elsewhere_in_no_more_lines_than_it_was(kind: str) -> None:
    """A new kind: the union with its import, the case, its line in ``systems.py``, what shows it;
    of inputs also the options, the kind of its column and the suffixes of its files."""
    found = elsewhere(kind)
    assert len(found) <= AT_MOST[NOUNS[kind].__name__], "\n".join(found)


def test_no_kind_asks_whether_something_is_another() -> None:
    """Which would take a new kind for one that it is not."""
    asking = {
        (module_of(path).removeprefix("pmed_core."), NOUNS[kind].__name__)
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"
        for kind in NOUNS
        if not within(module_of(path), own(kind)) and NOUNS[kind].__name__ in names_in(node.args[1])
    }
    assert asking == {
        ("outcomes.several.checks", "YesNo"),  # each of several outcomes is yes or no
        ("modalities.response.package", "Number"),
        *((f"modalities.treatment.{one}", "Effect") for one in ("account", "learner", "package")),
    }


def names_in(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
