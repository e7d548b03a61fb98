"""Tutorials run as they are written, and what is shown of them is what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

TUTORIALS = sorted((Path(__file__).parents[2] / "docs/tutorials").glob("*.ipynb"))
TRAINING = ("disease-risk", "prognosis")
MARKED = [
    pytest.param(path, marks=[pytest.mark.slow] if path.stem in TRAINING else [], id=path.stem)
    for path in TUTORIALS
]


def said(cells: list[Any]) -> list[list[str]]:
    """Of each cell, what kinds of output it has, in order; a stream may come in several parts."""
    return [
        list(
            dict.fromkeys(
                f"{one.output_type} {one.get('name', '')}".strip() for one in cell.outputs
            )
        )
        for cell in cells
        if cell.cell_type == "code"
    ]


def printed(cells: list[Any]) -> list[str]:
    """What each cell prints."""
    return [
        "".join(one.text for one in cell.outputs if one.output_type == "stream")
        for cell in cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("path", MARKED)
def test_a_tutorial_runs_as_it_is_shown(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error, and nothing written to stderr: no notice of TensorFlow stands among the words."""
    monkeypatch.setenv("PMED_HOME", str(tmp_path))
    shown = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert "For research use only. Not a diagnostic device." in shown.cells[0].source
    run = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(run, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    assert said(run.cells) == said(shown.cells)
    if path.stem not in TRAINING:
        # What is learnt may differ in its digits from one machine to the next.
        assert printed(run.cells) == printed(shown.cells)
    kinds = {kind for cell in said(run.cells) for kind in cell}
    assert kinds == {"stream stdout", "execute_result"}


def test_there_are_tutorials_and_each_is_on_the_site() -> None:
    listed = (TUTORIALS[0].parents[2] / "mkdocs.yml").read_text(encoding="utf-8")
    assert {one.stem for one in TUTORIALS} == {*TRAINING, "reading"}
    assert all(f"- tutorials/{one.name}\n" in listed for one in TUTORIALS)
