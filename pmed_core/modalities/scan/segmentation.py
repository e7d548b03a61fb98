"""Learning where lesions are, from outlines that people drew.

A U-Net is trained on crops, half of them round a lesion so that there is something to learn from
each batch (nnU-Net: Isensee et al., Nature Methods 2021). The validation part
chooses its best state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pmed_core.checkpoint import Arrays, digest
from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.continuing import SLOWER
from pmed_core.modalities.scan.preparation import Preparation
from pmed_core.modalities.scan.segmenter import Segmenter, known_outlines
from pmed_core.modalities.scan.unet import UNetArchitecture, build_unet, dice_and_cross_entropy
from pmed_core.networks.calls import batched
from pmed_core.progress import Progress
from pmed_core.training.callbacks import Listening, learn
from pmed_core.training.resuming import Resuming, listed, taken
from pmed_core.training.schedule import WarmedCosine

STEPS, STEPS_BETWEEN_LOOKS, STEPS_BETWEEN_WORDS = 1000, 100, 20
CROP, BATCH = 64, 16
RATE, DECAY = 3e-3, 0.01
LIGHT, CONTRAST = 0.08, 0.15
"""Largest changes of grey values 0..1: a shift, and a factor in powers of e."""
OUTLINED_AT_LEAST = (8, 4)
"""With fewer outlined scans to learn from, or to validate by, no network is trained."""


@dataclass(frozen=True)
class Outlined:
    """Scans (n, s, s, c) in 0..1, and what people drew on them (n, s, s, 1) of 0 and 1."""

    scans: NDArray[np.float32]
    drawn: NDArray[np.uint8]

    @property
    def with_lesion(self) -> NDArray[np.int64]:
        """Rows on which something is drawn."""
        return np.flatnonzero(self.drawn.any(axis=(1, 2, 3)))


def fit_segmenter(
    parts: tuple[Cohort, Cohort],
    preparation: Preparation,
    seed: int,
    deadline: float,
    progress: Progress,
) -> Segmenter | None:
    """Train on the first part and validate on the second; None where too few scans are outlined.

    ``deadline`` is in seconds of ``time.monotonic``. Raises ``Cancelled`` where ``progress`` says
    so.
    """
    data = _enough(parts, preparation)
    if data is None:
        return None
    plan = UNetArchitecture(preparation.channels)
    network, keeper = build_unet(plan), KeepBestOutlines(data[1], STEPS, deadline, progress)
    _learn(network, Crops(data[0], seed), RATE, keeper)
    return Segmenter(plan, network, preparation)


def refine_segmenter(
    kept: Segmenter, parts: tuple[Cohort, Cohort], seed: int, deadline: float, progress: Progress
) -> Segmenter:
    """A copy that went on learning, slower and half as long, and is no worse on the second part;
    the kept one itself where too few scans are outlined.

    ``deadline`` is in seconds of ``time.monotonic``. Raises ``Cancelled`` where ``progress`` says
    so.
    """
    data = _enough(parts, kept.preparation)
    if data is None:
        return kept
    network = build_unet(kept.architecture)
    network.set_weights(kept.network.get_weights())
    keeper = KeepBestOutlines(data[1], STEPS // 2, deadline, progress)
    keeper.start_from(network)
    _learn(network, Crops(data[0], seed), SLOWER * RATE, keeper)
    return replace(kept, network=network)


def _enough(
    parts: tuple[Cohort, Cohort], preparation: Preparation
) -> tuple[Outlined, Outlined] | None:
    training, validation = (_outlined(part, preparation) for part in parts)
    enough = zip((training, validation), OUTLINED_AT_LEAST, strict=True)
    short = any(len(part.with_lesion) < least for part, least in enough)
    return None if short else (training, validation)


def _learn(network: keras.Model, crops: Crops, highest: float, keeper: KeepBestOutlines) -> None:
    rate = WarmedCosine(
        0.0, int(0.95 * keeper.steps), warmup_target=highest, warmup_steps=keeper.steps // 20
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY)
    network.compile(optimizer, loss=dice_and_cross_entropy, jit_compile=False)
    hangs_on = digest(
        *vars(crops.data).values(), *vars(keeper.validation).values(), crops.seed, keeper.steps,
        *network.get_weights(),
    )  # fmt: skip
    resuming = Resuming(keeper, keeper.progress.checkpoint("outlines", hangs_on))
    learn(network, crops, keeper.steps // STEPS_BETWEEN_LOOKS, [keeper], resuming)
    network.set_weights(keeper.best)


def _outlined(cohort: Cohort, preparation: Preparation) -> Outlined:
    names, scans = known_outlines(cohort), cohort.scans
    if scans is None:
        raise TypeError("A cohort without scans. Expected one that training let through.")
    drawn = np.zeros((len(names), preparation.size, preparation.size, 1), np.uint8)
    for row, name in enumerate(names):
        mask = scans.mask(name)
        if mask is not None:
            drawn[row] = preparation.outline(mask)
    return Outlined(preparation.prepare(scans, names), drawn)


class Crops(keras.utils.PyDataset):  # type: ignore[misc]
    """Squares of 64 pixels, every other one with a lesion; turned, mirrored, lighter or darker.

    A lesion is one whichever way it lies. A batch is (b, 64, 64, c) and (b, 64, 64, 1).
    """

    def __init__(self, data: Outlined, seed: int) -> None:
        super().__init__()
        self.data, self.seed, self.generator = data, seed, np.random.default_rng(seed)
        self.ill = data.with_lesion
        self.lesions = {row: np.argwhere(data.drawn[row, ..., 0]) for row in self.ill}

    def __len__(self) -> int:
        return STEPS_BETWEEN_LOOKS

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        crops = [self._crop(with_lesion=k % 2 == 0) for k in range(BATCH)]
        scans, drawn = zip(*crops, strict=True)
        return np.stack(scans).astype(np.float32), np.stack(drawn).astype(np.float32)

    def _crop(self, with_lesion: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        draw, room = self.generator, self.data.scans.shape[1] - CROP
        if with_lesion:
            row = int(draw.choice(self.ill))
            inside = draw.choice(self.lesions[row])
            corner = np.clip(inside - draw.integers(0, CROP, 2), 0, room)
        else:
            row, corner = int(draw.integers(len(self.data.scans))), draw.integers(0, room + 1, 2)
        top, left = (int(place) for place in corner)
        where = (row, slice(top, top + CROP), slice(left, left + CROP))
        return self._changed(self.data.scans[where], self.data.drawn[where])

    def _changed(self, scan: Any, drawn: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        draw = self.generator
        turns, mirrored = int(draw.integers(4)), bool(draw.integers(2))
        scan, drawn = (np.rot90(one, turns) for one in (scan, drawn))
        if mirrored:
            scan, drawn = scan[:, ::-1], drawn[:, ::-1]
        factor = np.exp(draw.uniform(-CONTRAST, CONTRAST))
        return scan * factor + draw.uniform(-LIGHT, LIGHT), drawn


class KeepBestOutlines(Listening):
    """Compare with what people drew after each epoch and keep the best; raises ``Cancelled``."""

    def __init__(
        self, validation: Outlined, steps: int, deadline: float, progress: Progress
    ) -> None:
        super().__init__(deadline, progress)
        self.validation, self.steps, self.highest, self.done = validation, steps, -1.0, 0
        self.best: list[NDArray[np.float32]] = []

    def start_from(self, network: keras.Model) -> None:
        """What the network is now counts as its best until an epoch is better."""
        self.highest, self.best = self._dice(network), network.get_weights()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Tell, now and then."""
        super().on_train_batch_end(batch, logs)
        self.done += 1
        if self.done % STEPS_BETWEEN_WORDS == 0:
            dice = f", Dice {self.highest:.2f} so far" if self.best else ""
            said = f"Learning outlines, step {self.done:,} of {self.steps:,}{dice}"
            self.progress.stage(said, 0.03 + 0.3 * self.done / self.steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Score and keep."""
        dice = self._dice(self.model)
        if dice > self.highest:
            self.highest, self.best = dice, self.model.get_weights()

    def state(self) -> Arrays:
        known = {"highest": np.array(self.highest), "steps": np.array(self.done)}
        return known | taken("best", self.best)

    def resume(self, state: Arrays) -> None:
        self.highest, self.done = float(state["highest"]), int(state["steps"])
        self.best = listed("best", state)

    def _dice(self, network: keras.Model) -> float:
        drawn = self.validation.drawn > 0
        found = batched(network, self.validation.scans) > 0
        return 2 * float((found & drawn).sum()) / max(1, int(found.sum() + drawn.sum()))
