"""The rules of docs/architecture.md that a reader of a diff would miss."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for part in ("pmed_core", "pages") for path in (ROOT / part).rglob("*.py")
) + [ROOT / "app.py"]
PAGES = sorted((ROOT / "pages").glob("*.py"))
HOSTED = ("audit", "users")
HEAVY = ("keras", "tensorflow", "shap", "sklearn", "rdkit")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def names_used(path: Path) -> frozenset[str]:
    """Every imported module, called function and read attribute of a file, as dotted text."""
    return frozenset(_names_used(path))


def _names_used(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Name | ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def test_nothing_that_can_run_code_from_a_file_is_used() -> None:
    forbidden = {
        "pickle", "joblib", "cloudpickle", "dill", "eval", "exec", "unsafe_allow_html",
        "load_model", "keras.models.load_model", "keras.saving.load_model", "yaml.load",
        "allow_pickle",
    }  # fmt: skip
    using = {
        path.relative_to(ROOT).as_posix(): found
        for path in SOURCES
        if (found := forbidden & names_used(path))
    }
    assert using == {}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_asks_and_shows_and_nothing_else(path: Path) -> None:
    roots = {name.split(".")[0] for name in names_used(path)}
    assert roots.isdisjoint({"numpy", "plotly", "sqlalchemy", "sqlite3", "pandas"})
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80


def test_session_state_is_known_in_one_place() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any("session_state" in name for name in names_used(path))
    }
    assert knowing <= {"pages/parts/state.py"}


def test_what_a_person_unfolds_stays_open_when_something_appears_above_it() -> None:
    """Streamlit remembers that an expander is open by its key; without one, by its place."""
    expanders = [
        node
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.expander"
    ]
    assert expanders
    assert all("key" in {word.arg for word in one.keywords} for one in expanders)


def test_what_is_kept_is_written_by_one_door() -> None:
    """Which encrypts it where the home is; a file written past it would lie in the clear."""
    past = {".write_text", ".write_bytes", ".tofile", "np.memmap", ".read_bytes", ".read_text"}
    rooms = [*(ROOT / "pmed_core" / "store").glob("*.py"), ROOT / "pmed_core" / "package.py",
             ROOT / "pmed_core" / "loaded.py"]  # fmt: skip
    writing = {
        path.name
        for path in rooms
        if any(name.endswith(tuple(past)) and "files." not in name
               for name in names_used(path))
    }  # fmt: skip
    assert writing == {
        "audit.py",  # beside the projects; it names no patient
        "database.py",  # room on the disk that is kept free
    }


def test_tables_leave_the_product_by_one_door() -> None:
    """Which escapes formulas; Streamlit's own download of a table is turned off, it does not."""
    told = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert "\ndisableDataExport = true\n" in told
    writing = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(
            name.endswith((".to_csv", ".to_excel", ".download_button")) or name == "csv.writer"
            for name in names_used(path)
        )
    }
    assert writing == {
        "pmed_core/spreadsheets.py", "pages/parts/downloads.py",
        "pmed_core/samples/__main__.py",  # the tables that pmed itself comes with
    }  # fmt: skip


def test_tensorflow_is_imported_in_one_module() -> None:
    importing = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(name.split(".")[0] == "tensorflow" for name in names_used(path))
    }
    assert importing <= {"pmed_core/training/devices.py"}


def test_files_stay_readable() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in SOURCES
    }
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_no_page_loads_a_heavy_library(tmp_path: Path) -> None:
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(ROOT / "app.py")!r}, default_timeout=300).run()
assert not app.exception, app.exception
import pages.parts.deeds, pages.parts.people  # of pages that a laptop does not show
for page in {[f"pages/{path.name}" for path in PAGES if path.stem not in HOSTED]!r}:
    app.switch_page(page).run()
    assert not app.exception, (page, app.exception)
print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    # The local engine, so that the back works in a process of its own.
    environment = {"PMED_HOME": str(tmp_path), "PMED_ENGINE": "local", "PATH": "/usr/bin:/bin"}
    finished = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, env=environment, cwd=ROOT, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert finished.stdout.strip().splitlines()[-1] == "[]"


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = f"import sys, pmed_core; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert finished.stdout.strip() == "[]"


NOUNS = (
    r"YesNo|Classes|Number|TimeToEvent|Several|Effect|Mask|Scan\w*|Tabular|FitOptions|ScanOptions"
)
CONDITION = re.compile(
    rf"isinstance\([^)]*\b({NOUNS})\b|\bcase (\w+\.)?({NOUNS})\(|\.scans is (not )?None"
    r"|len\((\w+\.)*labels\) [=!]= 1|\bKind\.(SCAN|SEQUENCE|VARIANTS|MOLECULE|VISITS)\b"
)
MAY_ASK = (
    "pmed_core/modalities/", "pmed_core/outcomes/", "pmed_core/systems.py", "pmed_core/variable.py",
    "pages/parts/modalities/__init__.py", "pages/parts/outcomes/__init__.py",
)  # fmt: skip


def test_nobody_asks_which_kind_it_is_outside_of_its_folder() -> None:
    """A new kind of input or outcome would be taken for another in silence there."""
    asking = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in SOURCES
        if not path.relative_to(ROOT).as_posix().startswith(MAY_ASK)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if CONDITION.search(line) and not line.lstrip().startswith(("#", "from ", "import "))
    ]
    assert asking == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    """Imports inside functions counted, those for type hints alone not."""
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in SOURCES
    }
    imported = {name: set(imports(path, names)) - {name} for name, path in names.items()}
    alone = dict(imported)
    while free := [name for name, others in alone.items() if not others & alone.keys()]:
        for name in free:
            del alone[name]
    assert sorted(alone) == []


def imports(path: Path, names: Mapping[str, Path]) -> Iterator[str]:
    """Modules of ours that a file imports."""
    waiting: list[ast.AST] = [parsed(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in names else node.module
        waiting.extend(ast.iter_child_nodes(node))


def test_what_is_kept_compiled_stands_in_one_file() -> None:
    """Numba looks for changes in a function's own file alone, and would go on with what is old."""
    decorated = {
        path: {
            node.name
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.FunctionDef)
            and any(ast.unparse(one) == "compiled" for one in node.decorator_list)
        }
        for path in SOURCES
    }
    every = set().union(*decorated.values())
    assert every
    using = {
        f"{path.relative_to(ROOT)}: {alias.name}"
        for path, own in decorated.items()
        if own
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in every
    }
    assert using == set()


def test_percentages_in_sentences_have_their_space() -> None:
    """As everywhere on the screens; only what plotly formats by itself has none."""
    written = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FormattedValue)
        and node.format_spec is not None
        and ast.unparse(node.format_spec).rstrip("'\"").endswith("%")
    }
    assert written == set()
