"""The documentation says what there is: pages for all systems, commands that can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmed_core.shell.flags import parser
from pmed_core.systems import SYSTEMS, System

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED = re.compile(r"^(?:\.venv/bin/)?(?:python -m pmed_core|pmed) (?P<rest>(?:.*\\\n)*.*)$", re.M)
FENCED = re.compile(r"^```\w*\n(?P<code>.*?)^```$", re.M | re.S)


def commands() -> Iterator[tuple[str, str]]:
    """What is shown to be typed -> (page, words)."""
    for page in PAGES:
        for block in FENCED.finditer(page.read_text(encoding="utf-8")):
            for found in TYPED.finditer(block["code"]):
                yield str(page.relative_to(ROOT)), found["rest"].replace("\\\n", " ")


@pytest.mark.parametrize(("page", "typed"), sorted(set(commands())))
def test_every_command_that_is_shown_can_be_typed(page: str, typed: str) -> None:
    words = shlex.split(typed, comments=True)
    assert words, page
    parser().parse_args(words)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.title)
def test_every_system_has_a_page(system: System) -> None:
    name = f"systems/{system.title.lower().replace(' ', '-')}.md"
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert page.startswith(f"# {system.title}\n\n*{system.question}* For research use only.")
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    assert f"| [{system.title}]({name}) | {system.question} |" in index
    assert f"- {name}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_the_documentation_is_built_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "read_cohort" in (tmp_path / "reference.html").read_text(encoding="utf-8")
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]+src="https?:|'
        r'<link[^>]+rel="(?:stylesheet|preconnect)"[^>]+href="https?:'
    )
    for page in tmp_path.rglob("*.html"):
        assert not loaded.search(page.read_text(encoding="utf-8")), page.name
