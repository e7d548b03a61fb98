"""TensorFlow without its start-up notices, which would land among a person's messages."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile


def load_tensorflow() -> None:
    """Import what computes; its notices are shown only where the import fails.

    They are written by C++ before any log level holds, so the descriptor itself is turned away.
    """
    if "tensorflow" in sys.modules:
        return
    # Without oneDNN a training takes half as long again (136 s instead of 93 s on two cores).
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Threads of scikit-learn's trees that wait for one another sleep: on a busy machine boosting of
    # 300 patients took 13 s while they spun, and takes 0.2 s.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with tempfile.TemporaryFile() as notices:
        kept = os.dup(2)
        os.dup2(notices.fileno(), 2)
        try:
            importlib.import_module("pmed_core.training.devices")
        except BaseException:
            notices.seek(0)
            os.write(kept, notices.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
