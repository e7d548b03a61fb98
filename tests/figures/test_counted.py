"""What is counted is called by its name, and an axis ends where its scale does."""

from __future__ import annotations

from dataclasses import replace

from pmed_core.evaluation import Measure
from pmed_core.figures import cohorts, comparison, decisions, performance
from pmed_core.figures.standing import standing
from tests.figures import nouns

J, Q, V = nouns.evaluation(), nouns.quality(), nouns.variables()


def test_scans_are_called_scans() -> None:
    scans = replace(J, of="scan")
    said = [
        decisions.confusion_caption(scans, 0.14),
        decisions.decision_curve_caption(scans, 0.14),
        comparison.baselines_caption(scans),
        cohorts.distribution_caption(Q.summaries[4], V[4], "scan"),
    ]
    assert all("scans" in sentence and "patients" not in sentence for sentence in said)
    assert decisions.decision_curve(scans, 0.14).layout.yaxis.title.text == "Net benefit (per scan)"
    assert cohorts.distribution(Q.summaries[5], V[5], "scan").layout.yaxis.title.text == "Scans"
    assert cohorts.distribution(Q.summaries[4], V[4], "scan").layout.xaxis.title.text == "Scans"


def test_molecules_are_called_molecules() -> None:
    molecules = replace(J, of="molecule")
    said = [
        performance.roc_caption(molecules),
        comparison.models_caption({"a": molecules}),
        standing(molecules).grade,
        standing(replace(molecules, measures={}, n=0)).sentence,
    ]
    assert [sentence for sentence in said if "molecule" not in sentence] == []
    assert [sentence for sentence in said if "patient" in sentence] == []


def test_the_axis_of_the_auroc_ends_at_one_and_a_point_without_interval_is_drawn() -> None:
    drawn = comparison.forest({"a": Measure(1.0, 1.0, 1.0), "b": Measure(0.9, 0.8, 0.99)}, "auroc")
    assert drawn.layout.xaxis.range[1] == 1
    assert any("1.000 (no interval)" in note.text for note in drawn.layout.annotations)
