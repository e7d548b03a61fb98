"""pmed is given away under Apache-2.0: nothing that it needs may ask for more than that."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
COPYLEFT = re.compile(r"\bA?GPL|General Public|\bLGPL|Lesser General|\bMPL|Mozilla|\bEPL|\bEUPL|"
                      r"\bCDDL|\bSSPL|\bBUSL|\bOSL|Proprietary|Non-?Commercial")  # fmt: skip
WEAK = re.compile(r"\bLGPL|Lesser General|\bMPL|Mozilla")
PERMITTED = {
    "fpdf2": "LGPL-3.0: used as it is installed, so that anybody can exchange it",
    "psycopg": "LGPL-3.0: used as it is installed; only where PostgreSQL is asked for",
    "psycopg-binary": "LGPL-3.0: as psycopg",
    "certifi": "MPL-2.0: a list of certificates, unchanged; requests needs it",
    "tqdm": "MPL-2.0 and MIT: unchanged; shap needs it",
}
UNSAID = {"namex": "Apache-2.0, as its repository says and its metadata does not"}


def locked() -> list[str]:
    """The names of everything that an installation brings."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line and line[0] != "#"]


def canonical(name: str) -> str:
    """As an index spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(about: metadata.PackageMetadata) -> str:
    """What a package says of its licence; the first lines, where it quotes the whole text."""
    classified = [one for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    told = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or [])]
    return " / ".join(one[:200] for one in [*told, *classified] if one)


def complaint(name: str, said: str) -> str:
    """Why a package must not be needed; empty where it may be."""
    if not said and name not in UNSAID:
        return f"{name} does not say its licence"
    if not COPYLEFT.search(said):
        return ""
    if WEAK.search(said) and name in PERMITTED and not re.search(r"\bA?GPL", said):
        return ""
    return f"{name}: {said}"


def test_nothing_that_is_installed_asks_for_more_than_apache() -> None:
    complaints = []
    for name in locked():
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            # Of another system: what is not installed is not given away from here.
            continue
        complaints.append(complaint(name, licence(about)))
    assert [one for one in complaints if one] == []


def test_every_package_that_is_asked_for_is_locked() -> None:
    extras = ("hosted", "export", "ray")
    files = ("requirements.txt", *(f"requirements-{extra}.txt" for extra in extras))
    wanted = [line for one in files for line in (ROOT / one).read_text("utf-8").splitlines()]
    names = {re.split(r"[<>=~!]", line)[0] for line in wanted if line and line[0] != "#"}
    assert set(map(canonical, names)) <= set(map(canonical, locked()))


@pytest.mark.parametrize(
    ("name", "said", "refused"),
    [
        ("pylibjpeg-libjpeg", "GPL V3.0", True),
        ("scikit-survival", "GPL-3.0-or-later", True),
        ("one", "License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("fpdf2", "LGPL-3.0-only", False),
        ("another", "LGPL-3.0-only", True),
        ("certifi", "GPL-3.0 OR MPL-2.0", True),
        ("numpy", "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", False),
        ("one", "", True),
        ("namex", "", False),
    ],
)
def test_a_licence_is_evaluated(name: str, said: str, refused: bool) -> None:
    assert bool(complaint(name, said)) is refused
