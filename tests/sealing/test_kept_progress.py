"""What a running training keeps is encrypted as all else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pmed_core.checkpoint import digest
from pmed_core.sealing import keys
from pmed_core.store.checkpoints import Checkpoints, Kept


def test_weights_that_are_kept_on_the_way_are_not_in_the_clear(home: Path) -> None:
    told: list[str] = []
    weights = np.frombuffer(b"a weight that learnt of Mrs Smith" * 8, np.uint8)
    kept = Kept(Checkpoints(home).of("job") / "networks.kept", digest("this"), told.append)
    kept.keep(lambda: {"weights": weights})
    assert b"Smith" in weights.tobytes()
    assert b"Smith" not in kept.path.read_bytes()
    found = kept.kept()
    assert found is not None
    assert found["weights"].tobytes() == weights.tobytes()
    # Of another project it does not open, and is not taken for one that does.
    other = home.parent / "other"
    keys.prepare(other)
    moved = Kept(Checkpoints(other).of("job") / "networks.kept", kept.of, told.append)
    moved.path.parent.mkdir(parents=True)
    kept.path.rename(moved.path)
    assert moved.kept() is None
    assert "damaged" in told[0]
