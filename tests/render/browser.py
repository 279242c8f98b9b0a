"""Node and Chromium, where they are installed: HANDGRAD_NODE (or NODE_PATH) names the folder of node_modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"
FOLDER = Path(__file__).parent


def node_modules(package: str) -> Path:
    """The folder of node_modules with a package; where HANDGRAD_NODE is not set and it is missing, a skip."""
    folder = Path(os.environ.get("HANDGRAD_NODE") or os.environ.get("NODE_PATH") or "node_modules")
    _needs((folder / package).is_dir(), f"the package {package} in {folder}")
    _needs(shutil.which("node") is not None, "node")
    return folder.resolve()


def chromium_and(package: str) -> Path:
    """The folder of node_modules with a package that drives Chromium."""
    _needs(Path(CHROMIUM).exists(), CHROMIUM)
    return node_modules(package)


def _needs(there: bool, what: str) -> None:  # noqa: FBT001  a condition, as in assert
    """A missing tool is a skip, or a failure where HANDGRAD_NODE promises it."""
    if not there:
        (pytest.fail if os.environ.get("HANDGRAD_NODE") else pytest.skip)(f"{what} is missing")


def node(script: str, modules: Path, given: Any, *arguments: str) -> Any:
    """What a script beside this file writes as JSON for what it is given as JSON."""
    command = ["node", str(FOLDER / script), str(modules), *arguments]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
