"""The page of properties in the report of a molecule: no line leaves it or covers another."""

from __future__ import annotations

from itertools import combinations

import pytest

from pmed_core.modalities.molecule.column import SAID
from pmed_core.modalities.molecule.facts import NOTHING, alerts, facts, quantiles
from pmed_core.modalities.molecule.portrait import Portrait
from pmed_core.modalities.molecule.report import draw_properties
from pmed_core.reports.sheet import Sheet
from pmed_core.settings import RESEARCH_ONLY
from tests.molecules.test_structures import ASPIRIN, MOLECULES
from tests.reports.cases import MADE
from tests.reports.drawn import HEIGHT, WIDTH, lines_of, text_of

PEPTIDE = "NC(CS)C(=O)" + "NC(CCCCN)C(=O)" * 30 + "N/N=C/c1ccc([N+](=O)[O-])cc1"
"""Long, and with alerts."""


@pytest.mark.parametrize("smiles", [ASPIRIN, PEPTIDE])
@pytest.mark.parametrize("among", ["", "A list of drugs that somebody approved somewhere " * 3])
@pytest.mark.parametrize("compared", [True, False])
def test_its_lines_keep_apart(smiles: str, among: str, compared: bool) -> None:
    typical = quantiles(tuple(MOLECULES[:40]), 0) if compared else NOTHING
    found = Portrait(
        smiles, tuple(SAID.values()), "", facts(smiles, typical), alerts(smiles), 0.1, 0.2, (),
        1234 if among else 0,
    )  # fmt: skip
    sheet = Sheet("Report", MADE)
    draw_properties(sheet, found, among, "molecule X7")
    pdf = sheet.bytes()
    said = text_of(pdf, 1, 2)
    assert ("In the list" in said) == (compared and bool(among))
    assert ("higher than" in said or "lower than all" in said) == compared
    assert "this one is outside," in said
    assert all(one.name.split()[0] in said for one in found.alerts[:5])
    assert RESEARCH_ONLY in said
    lines = lines_of(pdf, 1, 2)
    for box in (one.box for one in lines):
        assert 12 < box.left < box.right < WIDTH - 12
        assert 8 < box.top < box.bottom < HEIGHT - 8
    assert [(a.text, b.text) for a, b in combinations(lines, 2) if a.box.meets(b.box)] == []
