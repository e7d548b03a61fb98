"""A figure of a judgement is drawn once for all who look at it, and never for another."""

from __future__ import annotations

import threading
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go

from pages.parts import drawn
from pages.parts.drawn import Drawings, Drawn
from tests.figures import nouns


def drawing(caption: str = "") -> Drawn:
    return Drawn(go.Figure(), caption, pd.DataFrame())


def test_many_who_look_at_once_have_one_drawing() -> None:
    drawings, judged, made = Drawings(), nouns.judgement(), []

    def draw() -> Drawn:
        made.append(drawing())
        return made[-1]

    threads = [
        threading.Thread(target=lambda: drawings.get(judged, ("roc",), draw)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_another_judgement_figure_or_threshold_has_its_own() -> None:
    drawings, judged = Drawings(), nouns.judgement()
    for one in (judged, replace(judged)):
        for about in (("roc",), ("confusion", 0.2), ("confusion", 0.3)):
            caption = f"{id(one)} {about}"
            assert drawings.get(one, about, lambda: drawing(caption)).caption == caption  # noqa: B023


def test_those_that_were_not_looked_at_are_dropped() -> None:
    drawings, judged = Drawings(), nouns.judgement()
    for number in range(drawn.KEPT + 3):
        drawings.get(judged, (number,), drawing)
        drawings.get(judged, (0,), drawing)
    assert len(drawings.held) == drawn.KEPT
    assert (id(judged), 0) in drawings.held
