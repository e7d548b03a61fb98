"""Formats of sequences other than FASTA: refused by name, for as a table each line would be a
row."""

from __future__ import annotations

import re

from pmed_core.errors import UserError
from pmed_core.readers.table import Table
from pmed_core.reading import Choices

READS = "Write it as FASTA (seqtk seq -a); one sequence a patient is read, and no raw reads."
RECORDS = "Export it as FASTA, with the label of each record in its header or in a table."
ALIGNED = "Export the sequences as FASTA without gaps."
FORMATS = {
    "FASTQ": (re.compile(r"@[^\n]*\n[A-Za-z.*\n]+\n\+[^\n]*\n"), READS),
    "SAM": (re.compile(r"@HD\tVN:"), READS),
    "GenBank": (re.compile(r"LOCUS {2,}\S"), RECORDS),
    "EMBL": (re.compile(r"ID {3}\S[^\n]*\b(?:BP|SV)\b[^\n]*\n(?:XX|AC)"), RECORDS),
    "CLUSTAL": (re.compile(r"CLUSTAL[^\n]*alignment"), ALIGNED),
    "Stockholm": (re.compile(r"# STOCKHOLM"), ALIGNED),
    "NEXUS": (re.compile(r"#NEXUS", re.IGNORECASE), ALIGNED),
}
"""Name -> how a text of it begins, and what to do."""
LOOKED_AT = 100_000


def holds(text: str, name: str) -> bool:
    """Whether the text of a file is in one of these."""
    return bool(_format(text))


def parsed(text: str, name: str, choices: Choices) -> Table:
    """Raises ``UserError``."""
    found = _format(text)
    raise UserError(f"This is {found}, which is not read", name, FORMATS[found][1])


def _format(text: str) -> str:
    start = text[:LOOKED_AT].lstrip()
    return next((name for name, (begins, _) in FORMATS.items() if begins.match(start)), "")
