"""A figure of an evaluation is drawn once for all who look at it, and never for another."""

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
    drawings, evaluated, made = Drawings(), nouns.evaluation(), []

    def draw() -> Drawn:
        made.append(drawing())
        return made[-1]

    threads = [
        threading.Thread(target=lambda: drawings.get(evaluated, ("roc",), draw)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_another_evaluation_figure_or_threshold_has_its_own() -> None:
    drawings, evaluated = Drawings(), nouns.evaluation()
    for one in (evaluated, replace(evaluated)):
        for about in (("roc",), ("confusion", 0.2), ("confusion", 0.3)):
            caption = f"{id(one)} {about}"
            assert drawings.get(one, about, lambda: drawing(caption)).caption == caption  # noqa: B023


def test_those_that_were_not_looked_at_are_dropped() -> None:
    drawings, evaluated = Drawings(), nouns.evaluation()
    for number in range(drawn.KEPT + 3):
        drawings.get(evaluated, (number,), drawing)
        drawings.get(evaluated, (0,), drawing)
    assert len(drawings.held) == drawn.KEPT
    assert (id(evaluated), 0) in drawings.held
