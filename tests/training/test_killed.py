"""A run that is killed, mid epoch and mid checkpoint, ends in the same bits. ``killing.py`` does it fifty times."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from setting import CONFIG, configured

KILLS = 8


def test_a_killed_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    text = CONFIG.replace("epochs = 4", "epochs = 12\npatience = 9").replace(
        "[train]", '[schedule]\nop = "cosine"\n\n[train]'
    )
    config = configured(tmp_path, text)
    script = Path(__file__).parent / "killing.py"
    done = subprocess.run(
        [sys.executable, str(script), str(config), str(tmp_path), "--kills", str(KILLS)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout == f"{KILLS} kills; the results are the same\n", done.stderr
