"""The package as it is installed elsewhere: away from the checkout, from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from pmed_core.settings import VERSION
from tests.journeys.server import running
from tests.journeys.visitor import visiting
from tests.servers.started import free_port
from tests.waiting import awaited

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds ours alone, unpacked from its wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("pmed-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def about(site: Path, name: str) -> str:
    return next(site.glob("*.dist-info")).joinpath(name).read_text(encoding="utf-8")


def test_what_it_needs_is_what_the_files_of_requirements_say(site: Path) -> None:
    said = Parser().parsestr(about(site, "METADATA"))
    needed = said.get_all("Requires-Dist") or []
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert said["Version"] == VERSION
    assert len([one for one in needed if "extra ==" not in one]) == len(listed)
    assert any(one.startswith("authlib") and "hosted" in one for one in map(str.lower, needed))


def test_it_brings_a_command_types_and_no_secrets(site: Path) -> None:
    assert "pmed = pmed_core.__main__:run" in about(site, "entry_points.txt")
    held = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert "pmed_core/py.typed" in held
    assert not [name for name in held if "secrets" in name or name.endswith((".pyc", ".key"))]
    # Nothing of ours lies among the packages of others but the package itself.
    assert {name.partition("/")[0] for name in held if ".dist-info" not in name} == {"pmed_core"}


def test_the_app_opens_from_any_folder(site: Path, tmp_path: Path) -> None:
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": str(site), "PMED_HOME": str(tmp_path / "home"), "PMED_ENGINE": "inline",
        "STREAMLIT_SERVER_HEADLESS": "true",
    }  # fmt: skip
    start = "import sys; from pmed_core.__main__ import run; sys.exit(run())"
    command = [sys.executable, "-c", start, "app", "--port", str(port)]
    with running(command, environment, port, tmp_path) as address:
        awaited(looked(address))


async def looked(address: str) -> None:
    async with visiting(address) as visitor:
        await visitor.open("")
        shown = visitor.texts()
        assert "Precision medicine" in shown
        assert "Breast cancer, Wisconsin" in shown
        assert "went wrong" not in shown
