"""The networks as scikit-learn estimators, trained by the engine.

from handgrad.sklearn import NetworkClassifier
model = NetworkClassifier(random_state=0).fit(X, y)
hg.solve(model.problem(X[17], y[17]))          # the working of one example with the learned weights
"""

from __future__ import annotations

try:
    import sklearn  # noqa: F401  # asked for first, so that its absence is one clear message
except ImportError:
    message = 'handgrad.sklearn needs scikit-learn: pip install "handgrad[sklearn]"'
    raise ImportError(message) from None

from handgrad.sklearn.convolutional import ConvNetClassifier
from handgrad.sklearn.dense import NetworkClassifier, NetworkRegressor

__all__ = ["ConvNetClassifier", "NetworkClassifier", "NetworkRegressor"]
