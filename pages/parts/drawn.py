"""Figures of evaluations are drawn once, however many people look at them.

An evaluation never changes and holds no patient; drawing it costs more than the rest of its page.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from pmed_core.evaluation import Evaluation

KEPT = 64


class Drawn(NamedTuple):
    """A figure in the colours of the page, what it says, and the same as a table."""

    figure: go.Figure
    caption: str
    table: pd.DataFrame


class Drawings:
    """Those that were looked at last; nobody may change them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: OrderedDict[tuple[object, ...], tuple[Evaluation, Drawn]] = OrderedDict()

    def get(
        self, evaluation: Evaluation, about: tuple[object, ...], draw: Callable[[], Drawn]
    ) -> Drawn:
        """The drawing of that evaluation; ``about``: which, and whatever else it depends on."""
        key = (id(evaluation), *about)
        # One visitor draws; the others, who came in the same moment, have it from there.
        with self.lock:
            if key not in self.held:
                # With its evaluation, so that no other can come to have the same identity.
                self.held[key] = (evaluation, draw())
                if len(self.held) > KEPT:
                    self.held.popitem(last=False)
            self.held.move_to_end(key)
            return self.held[key][1]


DRAWINGS = Drawings()
