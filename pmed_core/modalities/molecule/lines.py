"""Files of SMILES (.smi): a molecule a line, its name behind it; a row of names is rare there.

Read as a table: the structure, the name, and what else stands behind tabs.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pmed_core.modalities.molecule.sdf import CALLED, RULE, STRUCTURE, TITLE
from pmed_core.readers import delimited
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision
from pmed_core.suffixes import LINES, ends_with

LINE = re.compile(r"\s*(\S+(?:[ \t]+\|[^|\n]*\|)?)[ \t]*(.*?)\s*")
"""A structure, with the part between bars of CXSMILES, and what follows it."""


def holds(text: str, name: str) -> bool:
    """Whether a file of that name is one."""
    return ends_with(name, LINES)


def parsed(text: str, name: str, choices: Choices) -> Table:
    """A row a line; raises ``UserError``."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or not _molecule(lines[0]):
        # A row of names: the rest is as in any table.
        return delimited.parsed(text, name, choices)
    parts = [one.groups() for line in lines if (one := LINE.fullmatch(line))]
    cells = "\n".join("\t".join(part) for part in parts)
    table = delimited.parsed(cells, name, {**choices, "separator": "tab", "header": "none"})
    title, structure = choices.get(CALLED) or TITLE[0], choices.get(RULE) or STRUCTURE[0]
    called = dict(zip(table.cells, (structure, title), strict=False))
    sentence = (
        f"Each line is a molecule: its structure became the column '{structure}', and the name "
        f"behind it the column '{title}'."
    )
    told = Decision(RULE, structure, sentence, cells=len(table.cells))
    kept = tuple(one for one in table.reading if one.rule not in ("separator", "header"))
    return replace(table, cells=table.cells.rename(columns=called), reading=(told, *kept))


def _molecule(line: str) -> bool:
    from pmed_core.modalities.molecule.structures import Unreadable, parsed

    found = LINE.fullmatch(line)
    try:
        return bool(found and parsed(found[1]))
    except Unreadable:
        return False
