"""scikit-learn's bundled sets by name."""

from __future__ import annotations

from importlib import import_module

from handgrad.training.examples import Examples, fail

BUNDLED = ("digits", "iris", "wine", "breast_cancer", "diabetes")
"""Their names: digits are images [8][8] of 0 to 16, diabetes is a regression."""
_GREATEST = {"digits": 16.0}


def read(name: str) -> Examples:
    """The examples of a bundled set. Raises InputError where scikit-learn is missing."""
    try:
        datasets = import_module("sklearn.datasets")
    except ImportError:
        fail('this set needs the package scikit-learn: pip install "handgrad[sklearn]"', name)
    import numpy as np

    found = getattr(datasets, f"load_{name}")()
    classes = tuple(str(word) for word in getattr(found, "target_names", ()))
    y = found.target.astype(np.int64) if classes else found.target
    x = found.images if name == "digits" else found.data
    features = () if name == "digits" else tuple(str(word) for word in found.feature_names)
    return Examples(x=x, y=y, file=name, features=features, classes=classes, divide=_GREATEST.get(name, 1.0))
