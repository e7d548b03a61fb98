"""A VCF file as a table: a row a sample, with a column that names its variants."""

from __future__ import annotations

import pandas as pd

from pmed_core.modalities.variants.column import SAMPLE, VARIANTS
from pmed_core.modalities.variants.header import read_header
from pmed_core.modalities.variants.unpacking import lines
from pmed_core.modalities.variants.vcf import holds_vcf, read_vcf
from pmed_core.quantity import counted
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision
from pmed_core.variable import Kind

__all__ = ["RULE", "holds", "keys", "parsed"]

RULE = "title"
"""The decision what the column of samples is called."""
holds = holds_vcf


def keys(data: bytes, name: str) -> tuple[str, ...]:
    """By which a table is joined to it: its samples; raises ``UserError``."""
    return read_header(lines(data, name), name).samples


def parsed(data: bytes, name: str, choices: Choices) -> Table:
    """A row a sample; raises ``UserError``."""
    found, told = read_vcf(data, name)
    title = choices.get(RULE, "")
    title = title if title and title != VARIANTS else SAMPLE
    names = pd.array(list(found.samples), dtype="str")
    several = counted(len(found.sites), "variant")
    first = Decision(
        RULE, title, f"The file holds {several} of {counted(len(found.samples), 'sample')}; each "
        f"sample is a row, with its name in the column '{title}'.", cells=len(found.samples),
    )  # fmt: skip
    return Table(
        name, pd.DataFrame({title: names, VARIANTS: names}), (first, *told), patient=title,
        genotypes=found, alone=True, kinds={f"kind:{VARIANTS}": Kind.VARIANTS.value},
    )  # fmt: skip
