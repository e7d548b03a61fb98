"""The account of reading: what the reader decided, and the controls that decide otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from pages.parts.words import count, plain, short
from pmed_core.reading import Decision, Reading

READER = "Automatic"
OPEN = "Not decided"
ON_A_PAGE = 40
WORDS = {
    "decimal": "decimal mark",
    "missing-code": "codes for missing",
    "missing": "words for missing",
    "dates": "order of dates",
    "empty-rows": "empty rows",
    "exact": "digits",
    "rows": "rows",
    "label-column": "column with the labels",
    "labels-from": "what tells the labels",
    "folders": "level of folders that tells the labels",
    "readers": "rows that disagree",
    "outline-size": "outlines of another size",
    "outline-edges": "edges of outlines",
    "order": "order of slices",
    "looked-at": "pictures that may show a name",
    "bands": "upper limits of the bands",
}
"""Rules whose slug does not speak for itself -> the same in words."""
OF_THE_FILE = {
    "sheet": "Sheet",
    "header": "Row with the column names",
    "encoding": "Encoding",
    "separator": "Separator",
}
"""Decisions about the whole file, which a person looks for first -> the label of the control."""


def in_order(reading: Reading) -> list[Decision]:
    """Open questions first, then guesses; otherwise as they were decided."""
    return sorted(reading, key=lambda decision: (not is_open(decision), decision.proved))


def is_open(decision: Decision) -> bool:
    """Whether nothing in the file tells, so that a person has to say."""
    return not decision.value and bool(decision.options)


def account(
    reading: Reading,
    saved: Mapping[str, str],
    drafted: Mapping[str, str],
    key: str,
    elsewhere: Collection[str] = (),
) -> dict[str, str]:
    """Every decision with its control -> key and value of those that are decided otherwise.

    Args:
        saved: what a person decided earlier, by key.
        drafted: what they changed since and is not read yet; "" leaves it to the reader.
        key: of the controls.
        elsewhere: decisions whose control stands in another place.
    """
    known = {decision.key for decision in reading}
    beyond = {key: value for key, value in {**saved, **drafted}.items() if key not in known}
    own = [_own(key, value, saved.get(key, "")) for key, value in beyond.items() if value]
    decided = {key: value for key, value in drafted.items() if value or saved.get(key)}
    for number, decision in enumerate(_page([*in_order(reading), *own], key)):
        with st.container(border=True, gap="small"):
            told(decision, saved)
            if decision.key in elsewhere or not decision.overrulable:
                continue
            value = _control(decision, saved, drafted, f"{key}-{number}-{decision.key}")
        decided.pop(decision.key, None)
        if value != decision.value and (value or saved.get(decision.key)):
            decided[decision.key] = value
    return decided


def _own(key: str, value: str, saved: str) -> Decision:
    """A person's decision about which the reader has nothing to say, or has not been asked yet."""
    rule, _, column = key.partition(":")
    of = f" of '{column}'" if column else ""
    return Decision(rule, saved, f"{_begun(WORDS.get(rule, rule))}{of}: {value}.", column)


def _page(decisions: list[Decision], key: str) -> Sequence[Decision]:
    if len(decisions) <= ON_A_PAGE:
        return decisions
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Find a decision", placeholder="part of a column's name", key=f"{key}-find", width=320,
            icon=":material/search:",
        )  # fmt: skip
        found = [d for d in decisions if text.strip().casefold() in d.key.casefold()]
        pages = max(1, -(-len(found) // ON_A_PAGE))
        page = st.number_input(
            f"Page (of {pages:,})", 1, pages, 1, key=f"{key}-page-{text}-{pages}", width=140
        )
    start = (int(page) - 1) * ON_A_PAGE
    return found[start : start + ON_A_PAGE]


def told(decision: Decision, saved: Mapping[str, str]) -> None:
    """What was decided, how sure it is, and what it did to two cells."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(plain(decision.sentence), width="stretch")
        if saved.get(decision.key):
            st.badge("Decided by you", icon=":material/person:", color="blue")
        elif is_open(decision):
            st.badge("For you to decide", icon=":material/help:", color="red")
        elif not decision.proved:
            st.badge("A guess: look at it", icon=":material/help:", color="orange")
    parts = [
        f"{short(before, 40) or 'empty'} → {short(after, 40) or 'missing'}"
        for before, after in decision.examples
    ]
    if decision.cells and decision.column:
        parts.insert(0, count(decision.cells, "cell"))
    if parts:
        st.caption(plain("; ".join(parts)))


def _control(
    decision: Decision, saved: Mapping[str, str], drafted: Mapping[str, str], key: str
) -> str:
    """The value that is chosen; "" where the reader decides."""
    what = WORDS.get(decision.rule, decision.rule.replace("-", " "))
    label = f"{plain(short(decision.column, 40))}: {what}" if decision.column else _begun(what)
    now = drafted.get(decision.key, decision.value)
    if not decision.options and decision.key not in saved:
        return st.text_input(
            label, value=now, key=key, width=320, placeholder=READER,
        ).strip()  # fmt: skip
    options = list(dict.fromkeys([decision.value, *([now] if now else []), *decision.options]))
    if saved.get(decision.key):
        options.append(READER)
    if len(options) == 1:
        return decision.value
    value = st.selectbox(
        label, options, index=options.index(now or READER) if (now or READER) in options else 0,
        key=key, width=320, format_func=lambda one: short(one) or OPEN,
    )  # fmt: skip
    return "" if value == READER else str(value)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
