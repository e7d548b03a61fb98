"""A folder from which pmed is installed on a machine without a network."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from pmed_core.errors import UserError
from pmed_core.settings import APP, PACKAGES, RESEARCH_ONLY, VERSION
from pmed_core.shell import terminal

SUMS, WHEELS, HOSTED = "SHA256SUMS", "wheels", "hosted"
LINE = re.compile(r"(?P<sum>[0-9a-f]{64})  (?P<path>[^\\\n]+)")
BLOCK = 1 << 20
SHOWN = 10
TAKEN_ALONG = ("README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "docs")
INSTALL = """# pmed {version} without a network

{notice}

Made for {python} on {machine}. On the machine without a network, in this folder:

    sha256sum --quiet --check SHA256SUMS
    python3 -m venv .venv && .venv/bin/pip install --no-index --find-links wheels 'pmed{extra}'
    .venv/bin/pmed app

The first line says nothing where every file is as it was made. `.venv/bin/pmed airgap verify .`
says whether files are missing or were added, and whether this Python can install what is there.
"""


def airgap(given: Namespace) -> None:
    """Make such a folder, or verify one; raises ``UserError``."""
    folder = Path(given.folder)
    if given.verb == "bundle":
        bundle(folder, hosted=given.hosted)
        size = sum(path.stat().st_size for path in _files(folder)) / 1e6
        terminal.say(f"{folder} holds {size:,.0f} MB: INSTALL.md in it says how to install.")
        return
    if found := faults(folder):
        more = [f"And {len(found) - SHOWN:,} more."] if len(found) > SHOWN else []
        sys.stdout.write("\n".join([*found[:SHOWN], *more]) + "\n")
        raise UserError("The folder is not as it was made", str(folder), "Copy it once more.")
    _fits(folder)
    sys.stdout.write("Every file is as it was made, and this Python can install from them.\n")


def bundle(folder: Path, *, hosted: bool = False) -> None:
    """Write the folder, whole or not at all; raises ``UserError``."""
    if APP != PACKAGES:
        raise UserError(
            "This is an installation, and no checkout of the source", str(APP),
            "Run it where requirements.txt lies: python -m pmed_core airgap bundle.",
        )  # fmt: skip
    if folder.is_file():
        raise UserError("This is a file", str(folder), "Choose a new folder.")
    if folder.exists() and any(folder.iterdir()):
        raise UserError("The folder is not empty", str(folder), "Choose a new one.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        unfinished = Path(made) / "bundle"
        _fill(unfinished, hosted=hosted)
        write_sums(unfinished)
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)


def _fill(folder: Path, *, hosted: bool) -> None:
    (folder / WHEELS).mkdir(parents=True)
    files = ["requirements.txt", *(["requirements-hosted.txt"] if hosted else [])]
    required = [word for name in files for word in ("-r", str(PACKAGES / name))]
    lock, to = str(PACKAGES / "requirements.lock"), str(folder / WHEELS)
    terminal.say("Gathering the packages takes a few minutes.")
    _pip("download", "--only-binary", ":all:", *required, "-c", lock, "-d", to)
    _pip("wheel", "--no-deps", "-w", to, str(PACKAGES))
    for name in TAKEN_ALONG:
        source, target = PACKAGES / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
        else:
            shutil.copy2(source, target)
    text = INSTALL.format(
        version=VERSION, notice=RESEARCH_ONLY, extra=f"[{HOSTED}]" if hosted else "",
        python=f"Python {sys.version_info.major}.{sys.version_info.minor}",
        machine=f"{platform.system()} {platform.machine()}",
    )  # fmt: skip
    (folder / "INSTALL.md").write_text(text, encoding="utf-8")


def write_sums(folder: Path) -> None:
    """In the form of ``sha256sum``."""
    lines = [f"{_sum(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def faults(folder: Path) -> list[str]:
    """A sentence for each file that is missing, changed or was added; raises ``UserError`` where
    the folder has no sums that can be read."""
    expected = _expected(folder)
    there = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    return [
        *(f"{name} is missing." for name in expected if name not in there),
        *(f"{name} was added." for name in there if name not in expected),
        *(
            f"{name} is not as it was made."
            for name, path in there.items()
            if name in expected and _sum(path) != expected[name]
        ),
    ]


def _expected(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"There is no {SUMS} that can be read", str(folder),
            "Give a folder that 'airgap bundle' made.",
        ) from error  # fmt: skip
    found = {}
    for number, line in enumerate(lines, 1):
        match = LINE.fullmatch(line)
        if match is None or match["path"] in found:
            raise UserError("This line is no sum of a file", f"{SUMS}, line {number}", "")
        found[match["path"]] = match["sum"]
    return found


def _fits(folder: Path) -> None:
    """Raises ``UserError`` where this Python cannot install from the folder."""
    text = (folder / "INSTALL.md").read_text(encoding="utf-8")
    package = f"pmed[{HOSTED}]" if f"pmed[{HOSTED}]" in text else "pmed"
    wheels = ("--no-index", "--find-links", str(folder / WHEELS))
    _pip("install", "--dry-run", "--ignore-installed", *wheels, package)


def _pip(*arguments: str) -> None:
    """Raises ``UserError`` with the last line that pip wrote."""
    command: Sequence[str] = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise UserError(
            f"pip {arguments[0]} failed: {said[-1] if said else done.stderr[-300:].strip()}", "",
            "Put right what it says, and run it again.",
        )  # fmt: skip


def _files(folder: Path) -> Iterator[Path]:
    """All of the folder but its sums and an environment that was made in it, by name."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in (SUMS, ".venv"):
            yield path


def _sum(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            found.update(block)
    return found.hexdigest()
