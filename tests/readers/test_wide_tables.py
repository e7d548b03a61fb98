"""Tables of any width, and what no table of patients is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pmed_core.errors import UserError
from pmed_core.readers import delimited
from pmed_core.readers.delimited import parsed
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Kind


def lines(rows: int, columns: int, separator: str) -> str:
    draw = np.random.default_rng(0)
    names = separator.join(f"GENE{n:050}|{n}" for n in range(columns))
    body = (separator.join(f"{v:.3f}" for v in draw.gamma(2, 3, columns)) for _ in range(rows))
    return "\n".join([f"patient{separator}{names}", *(f"P{n}{separator}{b}"
                      for n, b in enumerate(body))])  # fmt: skip


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_line_of_more_than_131072_characters_is_read(separator: str) -> None:
    text = lines(4, 2_500, separator)
    assert max(map(len, text.split("\n"))) > 131_072
    cells = parsed(text, "wide.csv", {}).cells
    assert cells.shape == (4, 2_501)
    assert cells[f"GENE{2499:050}|2499"].tolist() == [
        line.rpartition(separator)[2] for line in text.split("\n")[1:]
    ]


def test_genes_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text(lines(30, 40, "\t"))
    cohort = read_cohort(path)
    assert [v.kind for v in cohort.variables[1:]] == [Kind.NUMBER] * 40


def test_a_long_cell_with_a_short_table_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'id,note\n1,"{"word " * 40_000}"\n2,short\n3,short\n'
    assert parsed(text, "notes.csv", {}).cells["note"].str.len().max() == 5 * 40_000 - 1


def test_a_cell_that_never_ends_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CELL_AT_MOST", 500)
    with pytest.raises(UserError, match="line 2: A cell holds more than 500 characters"):
        parsed(f'id,note\n1,"{"x" * 900}"\n2,b\n', "notes.csv", {})
    late = "".join(f"{n},a\n" for n in range(200))
    with pytest.raises(UserError, match="A cell holds more than 500 characters"):
        parsed(f'id,note\n{late}200,"{"x" * 900}"\n', "notes.csv", {})


def test_far_too_many_columns_are_said_before_cells_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delimited, "COLUMNS_AT_MOST", 50)
    with pytest.raises(UserError, match="61 columns; at most 50 are read"):
        parsed(f"{',' * 60}\n{',' * 60}\n", "commas.csv", {})
    assert parsed(lines(3, 30, ","), "genes.csv", {}).cells.shape == (3, 31)


def test_far_too_many_cells_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CELLS_AT_MOST", 100)
    with pytest.raises(UserError, match="at most 100 are read"):
        parsed(lines(9, 30, ","), "genes.csv", {})


@pytest.mark.slow
@pytest.mark.parametrize("text", ["," * 100_000_000, "a,b\n" + "x" * 300_000_000 + ",1\n2,3\n"])
def test_what_no_table_is_ends_in_a_sentence(text: str) -> None:
    with pytest.raises(UserError):
        parsed(text, "bomb.csv", {})
