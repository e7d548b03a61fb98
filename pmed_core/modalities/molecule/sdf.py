"""SDF and MOL files: text with one molecule a block (V2000 or V3000), properties after it.

A table as any other comes of it: a row a block, the structure as SMILES, the title line and each
property as a column (BIOVIA: CTfile Formats, 2020). RDKit is loaded only for such files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.quantity import counted
from pmed_core.readers.table import Table, must_fit
from pmed_core.reading import Choices, Decision
from pmed_core.suffixes import MOLECULE, STRUCTURES, ends_with

END, LAST_LINE = "M  END", "$$$$"
STAMP = re.compile(r".*V[23]000\s*")
ABOVE = 3
"""Lines of a structure above its stamp, the first of them its title."""
ITEM = re.compile(r">[^<]*<(.+)>[^>]*")
"""The line above a property: "> <logP> (7)"."""
TITLE, STRUCTURE = ("molecule id", "title line"), ("smiles", "structure")
"""What the columns are called; the second where a property has the name of the first."""
BRACKETS = str.maketrans("<>", "()")
RULE, CALLED = "structure", "title"
"""The decisions what the columns of structures and of title lines are called."""
NAMED = 3


@dataclass(frozen=True)
class Block:
    """One molecule as it is written.

    Attributes:
        number: from 1.
        title: its first line.
        structure: the lines down to "M  END".
        properties: name -> value.
        repeated: properties with a second value, which is not read.
        strange: lines that belong to nothing.
        closed: "$$$$" stands at its end.
    """

    number: int
    title: str
    structure: str
    properties: dict[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    strange: int = 0
    closed: bool = True


def holds(text: str, name: str) -> bool:
    """Whether a text is of this format: its fourth line says so, else its name."""
    lines = text[:2000].split("\n")
    return ends_with(name, STRUCTURES) or (len(lines) > 4 and bool(STAMP.fullmatch(lines[3])))


def parsed(text: str, name: str, choices: Choices) -> Table:
    """A row a block; a block that is no molecule is said, and its row has no structure.

    Raises ``UserError`` where not a single block is one.
    """
    from pmed_core.modalities.molecule.structures import Unreadable

    blocks = list(_blocks(text))
    columns = list(dict.fromkeys(title for block in blocks for title in block.properties))
    must_fit(len(blocks) * (len(columns) + 2), name)
    smiles, reasons = list[str](), dict[int, str]()
    for position, block in enumerate(blocks):
        try:
            smiles.append(_smiles(block.structure))
        except Unreadable as error:
            smiles.append("")
            reasons[position] = str(error)
    # Of a folder of MOL files the others are read.
    if not blocks or (len(reasons) == len(blocks) and not ends_with(name, MOLECULE)):
        why = f": block 1 {reasons[0]}" if reasons else ""
        raise UserError(
            f"There is no molecule in it{why}", name,
            "Save the molecules again as SDF or MOL (V2000 or V3000), or as a table with SMILES.",
        )  # fmt: skip
    structure = choices.get(RULE, "") or _free(STRUCTURE, columns)
    if structure in columns:
        raise UserError(
            f"A property is called '{structure}' too", name,
            f"Choose another name for the structures ({RULE}=NAME).",
        )  # fmt: skip
    title = choices.get(CALLED, "")
    title = title if title and title not in (*columns, structure) else _free(TITLE, columns)
    cells = {title: [block.title for block in blocks], structure: smiles}
    cells |= {one: [block.properties.get(one, "") for block in blocks] for one in columns}
    told = tuple(_account(blocks, reasons, (structure, title)))
    return Table(name, pd.DataFrame(cells, dtype="str"), told)


def _free(names: tuple[str, str], taken: list[str]) -> str:
    folded = {one.casefold() for one in taken}
    return next((one for one in names if one.casefold() not in folded), f"{names[1]} of the block")


def _blocks(text: str) -> Iterator[Block]:
    """Each of them; what follows the last "$$$$" is one only where it is not blank. A structure
    that begins behind another is a block of its own."""
    lines, number, ended = list[str](), 0, False
    for line in text.split("\n"):
        if line.startswith(LAST_LINE):
            number += 1
            yield _block(lines, number, closed=True)
            lines, ended = [], False
            continue
        # A property may hold a structure as well.
        if ended and STAMP.fullmatch(line) and not ITEM.fullmatch(lines[-ABOVE - 1].rstrip()):
            number += 1
            yield _block(lines[:-ABOVE], number, closed=False)
            lines, ended = lines[-ABOVE:], False
        ended = ended or line.startswith(END)
        lines.append(line)
    if any(line.strip() for line in lines):
        # A MOL file is one block, and has no such line.
        yield _block(lines, number + 1, closed=not number)


def _block(lines: list[str], number: int, *, closed: bool) -> Block:
    ends = _ends(lines)
    properties, repeated, strange = dict[str, str](), list[str](), 0
    title, value, blank = "", list[str](), True

    def keep() -> None:
        if title in properties:
            repeated.append(title)
        elif title:
            properties[title] = "\n".join(value).strip()

    for line in lines[ends + 1 :]:
        # A value may hold blank lines, and lines that begin with ">".
        if blank and (item := ITEM.fullmatch(line.rstrip())):
            keep()
            title, value = item[1].strip(), []
        elif title:
            value.append(line)
        else:
            strange += bool(line.strip())
        blank = not line.strip()
    keep()
    return Block(
        number, lines[0].strip() if lines else "", "\n".join(lines[: ends + 1]), properties,
        tuple(repeated), strange, closed,
    )  # fmt: skip


def _ends(lines: list[str]) -> int:
    """The line "M  END", else the one before the first property."""
    for k, line in enumerate(lines):
        if line.startswith(END):
            return k
        if ITEM.fullmatch(line.rstrip()):
            return k - 1
    return len(lines)


def _smiles(block: str) -> str:
    """The structure as it is drawn; raises ``Unreadable``."""
    from rdkit import Chem

    from pmed_core.modalities.molecule.structures import MOST_ATOMS, REPEATED, Unreadable

    drawn = _molecule(block, sanitize=False)
    if drawn is None:
        raise Unreadable("is no MOL block of V2000 or V3000")
    if not drawn.GetNumAtoms():
        raise Unreadable("holds no atom")
    heavy = sum(atom.GetAtomicNum() != 1 for atom in drawn.GetAtoms())
    if heavy > MOST_ATOMS:
        raise Unreadable(f"has more than {MOST_ATOMS} atoms")
    if any(group.GetProp("TYPE") in REPEATED for group in Chem.GetMolSubstanceGroups(drawn)):
        raise Unreadable("repeats a part of itself, as polymers do")
    if any(bond.HasQuery() for bond in drawn.GetBonds()):
        raise Unreadable("has a bond of unknown order")
    found = _molecule(block, sanitize=True)
    if found is None:
        raise Unreadable("breaks the rules of valence or of aromatic rings")
    return str(Chem.MolToSmiles(found))


def _molecule(block: str, *, sanitize: bool) -> Any:
    """None where RDKit reads none."""
    from rdkit import Chem

    try:
        return Chem.MolFromMolBlock(block, sanitize=sanitize, removeHs=sanitize)
    except (ValueError, RuntimeError):
        return None


def written(smiles: str, properties: Mapping[str, str | float | None]) -> str:
    """One block: its title is the first of the properties, the others follow the structure; no atom
    where there is no structure. What is not known is left out."""
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    molecule = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(molecule)
    title, *others = properties.items()
    molecule.SetProp("_Name", _one_line(title[1]))
    items = "".join(
        f">  <{_one_line(name).translate(BRACKETS)}>\n{_one_line(value)}\n\n"
        for name, value in others if not pd.isna(value)
    )  # fmt: skip
    return f"{Chem.MolToMolBlock(molecule)}{items}{LAST_LINE}\n"


def _one_line(value: str | float | None) -> str:
    """No line of it can end a block or begin a property."""
    text = f"{value:.9g}" if isinstance(value, float) else " ".join(str(value).split())
    return f" {text}" if text.startswith((LAST_LINE, END, ">")) else text


def _account(
    blocks: list[Block], reasons: dict[int, str], names: tuple[str, str]
) -> Iterator[Decision]:
    """What was read, and what was not; ``names``: of the columns of structures and of titles."""
    structure, title = names
    yield Decision(
        RULE, structure, f"The file holds {counted(len(blocks), 'molecule block')}; each is a row, "
        f"with its structure as SMILES in the column '{structure}'.", cells=len(blocks),
    )  # fmt: skip
    titled = sum(bool(block.title) for block in blocks)
    if titled:
        sentence = f"The title lines of {counted(titled, 'block')} became the column '{title}'."
        yield Decision(CALLED, title, sentence, cells=titled)
    if reasons:
        yield _broken(blocks, reasons)
    if repeated := Counter(title for block in blocks for title in block.repeated):
        twice, _ = repeated.most_common(1)[0]
        sentence = (
            f"{counted(repeated.total(), 'property', 'properties')} stood twice in one block "
            f"(such as '{twice[:60]}'); the first value was read."
        )
        yield Decision("property", "first", sentence, cells=repeated.total(), proved=False)
    if strange := sum(block.strange for block in blocks):
        sentence = f"{counted(strange, 'line')} before the properties belonged to nothing."
        yield Decision("lines", "left out", sentence, cells=strange, proved=False)
    if joined := sum(not block.closed for block in blocks[:-1]):
        sentence = (
            f"Behind {counted(joined, 'block')} no '$$$$' stands before the next structure, which "
            "was read as a block of its own."
        )
        yield Decision("unclosed", "read", sentence, cells=joined, proved=False)
    if not blocks[-1].closed:
        sentence = "The last block does not end in '$$$$': the file may be cut off."
        yield Decision("cut-off", "read", sentence, cells=1, proved=False)


def _broken(blocks: list[Block], reasons: dict[int, str]) -> Decision:
    shown = "; ".join(
        f"block {blocks[k].number}" + f" ('{blocks[k].title[:40]}')" * bool(blocks[k].title)
        + f" {reason}" for k, reason in list(reasons.items())[:NAMED]
    )  # fmt: skip
    one = len(reasons) == 1
    sentence = (
        f"{len(reasons):,} of {counted(len(blocks), 'block')} {'is' if one else 'are'} no molecule "
        f"that can be read, and {'its row has' if one else 'their rows have'} none: {shown}"
        f"{' …' * (len(reasons) > NAMED)}."
    )
    return Decision("broken-blocks", "missing", sentence, cells=len(reasons), proved=False)
