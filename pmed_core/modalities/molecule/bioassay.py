"""PubChem's table of an assay: below the names, rows say type, meaning and unit of each column.

They are no substances; units are kept with their columns (PubChem BioAssay, PUG REST).
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pmed_core.quantity import counted
from pmed_core.readers import delimited
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision

TAG = "PUBCHEM_RESULT_TAG"
ABOUT = r"RESULT_[A-Z_]+"
UNIT = "RESULT_UNIT"
UNITS = {"MICROMOLAR": "µM", "NANOMOLAR": "nM", "MILLIMOLAR": "mM", "MOLAR": "M", "PERCENT": "%"}


def holds(text: str, name: str) -> bool:
    """Whether the first name is that of PubChem's results."""
    return text[:100].lstrip('\ufeff"').startswith(TAG)


def parsed(text: str, name: str, choices: Choices) -> Table:
    """A row a substance; raises ``UserError``."""
    table = delimited.parsed(text, name, choices)
    if TAG not in table.cells:
        return table
    about = table.cells[TAG].str.fullmatch(ABOUT).fillna(False).astype(bool)
    if not about.any():
        return table
    cells = table.cells[~about].reset_index(drop=True)
    units = dict(table.units)
    for _, row in table.cells[table.cells[TAG] == UNIT].iterrows():
        units |= {str(name): _unit(unit) for name, unit in row.items() if name != TAG and unit}
    sentence = (
        f"{counted(int(about.sum()), 'row')} below the names "
        f"({', '.join(table.cells[TAG][about].unique())}) say what the columns hold, and are no "
        "molecules; units were kept with their columns."
    )
    told = Decision("units-row", "units", sentence, cells=int(about.sum()))
    return replace(table, cells=pd.DataFrame(cells), units=units, reading=(*table.reading, told))


def _unit(text: str) -> str:
    return UNITS.get(text, text.lower())
