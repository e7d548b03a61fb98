"""Motifs that recur in the sequences of a model's cohort."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import plots, runs, tables
from pages.parts.downloads import download
from pages.parts.errors import panel, refreshed
from pages.parts.words import plain
from pmed_core.accounts import Right
from pmed_core.modalities.sequence import motifs_figures as drawn
from pmed_core.modalities.sequence.matching import Match, best_match
from pmed_core.modalities.sequence.meme import meme_text, parsed_motifs
from pmed_core.modalities.sequence.motifs import FindMotifs, Motifs
from pmed_core.service import access
from pmed_core.service import sequences as asked
from pmed_core.service.entries import ModelEntry

DRAWN = 12
NUMBERS = {
    "p": st.column_config.NumberColumn(
        format="%.2g", help="Fisher's exact test, corrected for all patterns that were tested."
    ),
    "E": st.column_config.NumberColumn(
        format="%.2g", help="Known motifs expected to fit as well by chance."
    ),
}  # fmt: skip


def motifs_view(entry: ModelEntry) -> None:
    """What was found, its progress while it is looked for, else the button that looks."""
    found, latest = asked.motifs(entry.id), runs.latest(FindMotifs, entry.id)
    if found is not None:
        refreshed(lambda: _found(entry, found))
    elif latest is not None and latest.alive:
        refreshed(lambda: runs.under_way(latest.id), 1.0)
    elif not entry.cohort:
        st.info(
            "An imported model came without its sequences, so there is nothing to look for motifs "
            "in.", icon=":material/info:",
        )  # fmt: skip
    elif access.allowed(Right.BUILD):
        runs.offer(
            latest,
            "Which short patterns recur wherever the model finds something to rely on? Every "
            "letter of up to 400 sequences is exchanged in turn, in the background, which takes "
            "minutes.",
            ("Look for motifs", ":material/search:"), lambda: asked.find_motifs(entry.id),
        )  # fmt: skip
    else:
        st.caption("Nobody has looked for recurrent motifs of this model yet.")


def _found(entry: ModelEntry, found: Motifs) -> None:
    if not found.motifs:
        st.info(plain(drawn.motifs_words(found)), icon=":material/balance:")
        st.caption(plain(drawn.method_words(found)))
        return
    st.success(plain(drawn.motifs_words(found)), icon=":material/search:")
    with panel():
        matches = _matched(entry, found)
        tables.show(
            drawn.motifs_table(found, matches), f"motifs-{entry.id}", "Recurrent motifs", NUMBERS
        )
        download(
            "Download in MEME format", lambda: meme_text(found), ("motifs.meme", "text/plain"),
            f"meme-{entry.id}", icon=":material/download:", type="tertiary",
        )  # fmt: skip
        _logos(entry, found, matches)
    st.subheader("Places", anchor=False)
    tables.show(drawn.places_table(found), f"places-{entry.id}", "Where each motif occurs")
    st.caption(plain(drawn.method_words(found)))


def _matched(entry: ModelEntry, found: Motifs) -> list[Match | None]:
    """Each motif's nearest of an uploaded file, where there is one; raises ``UserError``."""
    file = st.file_uploader(
        "Known motifs to compare with (MEME format)", type=["meme", "txt"],
        key=f"known-motifs-{entry.id}", help="As JASPAR and HOCOMOCO provide them.",
    )  # fmt: skip
    if file is None:
        return [None] * len(found.motifs)
    known = parsed_motifs(file.getvalue(), file.name)
    with st.spinner("Comparing motifs"):
        return [best_match(one.shares, known) for one in found.motifs]


def _logos(entry: ModelEntry, found: Motifs, matches: Sequence[Match | None]) -> None:
    for k, ((name, one), match) in enumerate(zip(found.named(), matches, strict=True)):
        if k == DRAWN:
            st.caption(f"The other {len(found.motifs) - DRAWN} stand in the table above.")
            break
        st.subheader(plain(name), anchor=False)
        event = entry.outcome.event(one.label)
        plots.beside(
            f"motif-{entry.id}-{k}", drawn.motif_logo(one),
            drawn.motif_caption(found, one, event, match), drawn.matrix_table(one),
        )  # fmt: skip
    if any(matches):
        st.caption(drawn.MATCHED)
