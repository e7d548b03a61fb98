"""Words that mean "missing", unless in this column they are values: NA is Namibia, Na is sodium."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.reading import Decision

WORDS = frozenset(
    {"", "?", "na", "n/a", "#n/a", "nan", "<na>", "null", ".", "#null!", "nul", "n.a.", "n. a.",
     "-nan", "1.#qnan", "\\n", "#na", "none given", "nat",
     "(null)", "[null]", "<null>", "(blank)", "<blank>"}
)  # fmt: skip
"""In any column."""
NOTHING_OR_ZERO = frozenset(
    {"none", "nil", "keine", "kein", "aucun", "aucune", "ninguno", "ninguna", "nessuno", "nessuna",
     "nenhum", "nenhuma", "geen", "ingen", "нет", "无", "無", "没有", "なし", "없음"}
)  # fmt: skip
NO_NUMBER = WORDS | NOTHING_OR_ZERO | {
    "-", "--", "---", "_", "–", "—", "missing", "unknown", "unk", "nd", "n.d.", "not done",
    "not available", "not applicable", "not recorded", "not measured", "k.a.", "entf.", "n/k",
    "n.b.", "not known", "pending", "tba", "tbd", "x", "..", "...", "inconnu", "desconocido",
    "unbekannt", "fehlt", "keine angabe", "manquant", "s/d", "未知", "不明", "refused", "declined",
    "don't know", "dk", "dnk", "prefer not to say", "not tested", "not performed", "not reported",
    "no data", "no result", "cancelled", "canceled", "tnp", "qns", "clotted", "hemolyzed",
    "hemolysed", "haemolysed", "haemolyzed", "insufficient", "invalid", "error", "void",
    "nicht bestimmt", "nicht durchgeführt", "n.v.", "n. best.", "ausstehend", "non fait",
    "non réalisé", "nr", "no realizado", "no disponible", "non eseguito", "niet bepaald",
    "não realizado", "н/д", "нет данных", "缺失", "未検", "欠測",
    "0000-00-00", "00/00/0000", "00.00.0000", "0000-00-00 00:00:00",
    *(f".{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
}  # fmt: skip
"""In a column of numbers or dates, where they cannot be values; MySQL's date of zeros, and Stata's
``.a`` to ``.z``."""
ERRORS = frozenset(
    {"#div/0!", "#ref!", "#name?", "#value!", "#num!", "#null!", "#spill!", "#calc!",
     "#getting_data", "#field!", "#blocked!", "#error!", "#n/a", "#ref", "#value", "#name",
     "#div/0"}
)  # fmt: skip
KEEP, ZERO = "keep", "zero"
"""Chosen for such words: that they are values, or that they stand for 0."""
NONE = "; where the word means that there were none, it stands for 0"
ELEMENTS = frozenset({"k", "ca", "mg", "cl", "li", "fe", "zn", "cu", "po4", "hco3", "p", "cr"})
CODE = re.compile(r"[A-Z]{2}")


def missing(cells: Cells, asked: Asked, *, numeric: bool) -> NDArray[np.bool_]:
    """(d,) which distinct cells say that nothing is known."""
    kept = set(asked.written.values)
    if asked.choice("missing") == KEEP:
        kept |= set(_words(cells))
    also = {*asked.written.missing, *named(asked)}
    words = NO_NUMBER | ERRORS if numeric else WORDS | ERRORS
    return np.array(
        [
            text in also or (text not in kept and text.casefold() in words)
            for text in cells.distinct
        ],
        dtype=bool,
    )


def named(asked: Asked) -> tuple[str, ...]:
    """The words that the user said stand for missing."""
    chosen = asked.choice("missing")
    return () if chosen in ("", KEEP, ZERO) else tuple(chosen.split("|"))


def kept(cells: Cells, asked: Asked) -> tuple[str, ...]:
    """Words that mean "missing" elsewhere but are values here: by choice, or among these cells."""
    words = _words(cells) if asked.choice("missing") == KEEP else values_here(cells)
    return tuple(word for word in words if word not in named(asked))


def _words(cells: Cells) -> list[str]:
    return [text for text in cells.distinct if text and text.casefold() in WORDS]


def values_here(cells: Cells) -> tuple[str, ...]:
    """Words that mean "missing" elsewhere but are values among these cells.

    A code among codes of the same length ("NA" beside "ZA", "BW"), a symbol among symbols ("Na"
    beside "K").
    """
    words = _words(cells)
    others = [t for t in cells.distinct if t and t.casefold() not in WORDS | ERRORS]
    if not words or not others:
        return ()
    kept = []
    codes = [text for text in others if CODE.fullmatch(text)]
    if len(codes) >= 3 and len(codes) >= 0.9 * len(others):
        kept += [word for word in words if word == "NA"]
    symbols = [t for t in others if t.casefold().rstrip("+-2") in ELEMENTS and t[:1].isupper()]
    if len(symbols) >= max(1, 0.5 * len(others)):
        kept += [word for word in words if word == "Na"]
    return tuple(kept)


def decisions(cells: Cells, gone: NDArray[np.bool_], asked: Asked) -> list[Decision]:
    """What is said of words that were read as missing, and of those that were kept."""
    found = []
    said = gone & (cells.distinct != "")
    is_error = [t.casefold() in ERRORS and t.casefold() != "#n/a" for t in cells.distinct]
    errors = said & np.array(is_error)
    if errors.any():
        found.append(
            asked.decision(
                "cell-errors", "missing",
                f"{_cells(cells, errors)} of '{asked.column}' hold an error of the spreadsheet "
                f"({_listed(cells, errors)}) and were read as missing.", cells, errors,
            )
        )  # fmt: skip
    said &= ~errors
    if said.any():
        words = {text.casefold() for text in cells.distinct[said]}
        none = bool(words & NOTHING_OR_ZERO)
        told = asked.decision(
            "missing", "|".join(map(str, cells.distinct[said])),
            f"{_cells(cells, said)} of '{asked.column}' ({_listed(cells, said)}) "
            f"{'was' if int(cells.counts[said].sum()) == 1 else 'were'} read as "
            f"missing{NONE if none else ''}.", cells, said,
        )  # fmt: skip
        options = (told.value, ZERO) if none else (told.value, KEEP)
        found.append(replace(told, options=options, proved=not none))
    if kept := [word for word in asked.written.values if word in cells.distinct]:
        which = np.isin(cells.distinct, kept)
        found.append(
            asked.decision(
                "missing", KEEP,
                f"{_listed(cells, which)} is a value of '{asked.column}', not a missing cell "
                f"({int(cells.counts[which].sum())} cells).", cells, which,
            )
        )  # fmt: skip
    return found


def _cells(cells: Cells, which: NDArray[np.bool_]) -> str:
    count = int(cells.counts[which].sum())
    return "1 cell" if count == 1 else f"{count:,} cells"


def _listed(cells: Cells, which: NDArray[np.bool_]) -> str:
    words = [f"'{word}'" for word in cells.distinct[which][:4]]
    return ", ".join(words) + " …" * (int(which.sum()) > 4)
