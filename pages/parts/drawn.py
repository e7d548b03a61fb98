"""Figures of judgements are drawn once, however many people look at them.

A judgement never changes and holds no patient, and drawing it costs more than all else on its page.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from pmed_core.judgement import Judgement

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
        self.held: OrderedDict[tuple[object, ...], tuple[Judgement, Drawn]] = OrderedDict()

    def get(self, judged: Judgement, about: tuple[object, ...], draw: Callable[[], Drawn]) -> Drawn:
        """The drawing of that judgement; ``about`` tells which, and whatever else it depends on."""
        key = (id(judged), *about)
        # One visitor draws; the others, who came in the same moment, have it from there.
        with self.lock:
            if key not in self.held:
                # With its judgement, so that no other can come to have the same identity.
                self.held[key] = (judged, draw())
                if len(self.held) > KEPT:
                    self.held.popitem(last=False)
            self.held.move_to_end(key)
            return self.held[key][1]


DRAWINGS = Drawings()
