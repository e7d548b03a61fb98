"""Progress: a few lines in a log, a bar for a person."""

from __future__ import annotations

import pytest

from pmed_core.shell import terminal


def test_a_log_gets_a_line_for_each_stage_and_not_for_each_epoch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = terminal.progress()
    for epoch in range(1, 40):
        progress.epoch({"validation_auroc": [0.8]})
        progress.stage(f"Training, epoch {epoch}", epoch / 50)
    progress.stage("Evaluating", 0.95)
    progress.note("3 patients have no outcome.")
    progress.close()
    assert capsys.readouterr().err.splitlines() == [
        "  2 %  Training, epoch 1", " 95 %  Evaluating", "3 patients have no outcome.",
    ]  # fmt: skip
    assert progress.stop() == ""


def test_a_person_sees_a_bar_with_the_score(capsys: pytest.CaptureFixture[str]) -> None:
    progress = terminal.Bar()
    progress.epoch({"validation_auroc": [0.8, float("nan"), 0.9]})
    progress.stage("Training, epoch 1", 0.1)
    progress.note("[red]patients[/red] are no markup")
    progress.close()
    assert progress.score == ", AUROC 0.850"
    assert "[red]patients[/red] are no markup" in capsys.readouterr().err
