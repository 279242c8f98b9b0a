"""What the classifiers have in common: classes and their weights, probabilities."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from handgrad.engine.arrays import Array
from handgrad.sklearn.base import NetworkEstimator
from handgrad.sklearn.course import Examples


class NetworkClassification(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]  # scikit-learn carries no types
    """Classes by the softmax of the outputs, trained on the cross-entropy of the true class.

    Fitted attribute: ``classes_``, in sorted order; ŷ_k of ``network_`` is the logit of class k.
    """

    loss: ClassVar[str] = "softmax_cross_entropy"
    classes_: Array
    class_weight: Any

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on examples X with classes y; ``sample_weight`` [n] says how much each example counts.

        With ``warm_start`` training goes on from the parameters of the last call. ValueError for settings out of
        range, NaN or infinity, lengths that differ, fewer than two classes, or a loss that is no longer finite.
        """
        fresh = not (self.warm_start and self._fitted)
        X, y, weights = self._examples(X, y, sample_weight, fresh=fresh)
        y = self._classes(y)
        classes = unique_labels(y)
        if len(classes) < 2:
            message = (
                f"{type(self).__name__} needs at least 2 classes, the data has only one class: {classes.tolist()[0]!r}"
            )
            raise ValueError(message)
        if fresh:
            self.classes_ = classes
            self._begin(X, weights)
        elif not np.array_equal(classes, self.classes_):
            message = f"warm_start goes on with the classes {self.classes_}, y has {classes}"
            raise ValueError(message)
        return self._fit(X, y, self._weighed(y, weights))

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One epoch over these examples, at the rate ``learning_rate_init``.

        ``classes``: all that will ever occur, needed in the first call. ValueError as of ``fit``, and for a class
        that is not among them.
        """
        fresh = not self._fitted
        known = self._known_classes(classes, fresh=fresh)
        X, y, weights = self._examples(X, y, sample_weight, fresh=fresh)
        y = self._classes(y)
        unseen = np.setdiff1d(y, known)
        if len(unseen):
            message = f"y has classes that are not in classes_ {known}: {unseen}"
            raise ValueError(message)
        if self.class_weight == "balanced":
            message = 'class_weight="balanced" needs all examples at once: give partial_fit a dict of weights'
            raise ValueError(message)
        if fresh:
            self.classes_ = known
            self._begin(X, weights)
        return self._fit_once(X, y, self._weighed(y, weights))

    def predict(self, X: Any) -> Array:
        """The most probable class of each example."""
        best = self._yhat(X).argmax(axis=1)
        found: Array = self.classes_[best]
        return found

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, [n][classes], in the order of ``classes_``."""
        logits = self._yhat(X)
        e: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: Array = e / e.sum(axis=1, keepdims=True)
        return found

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of the probabilities."""
        probabilities = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            found: Array = np.log(probabilities)
        return found

    def _classes(self, y: Any) -> Array:
        labels: Array = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        return labels

    def _known_classes(self, classes: Any, *, fresh: bool) -> Array:
        """The classes of a partial_fit."""
        if classes is None and fresh:
            message = "classes must be passed on the first call to partial_fit"
            raise ValueError(message)
        known: Array = self.classes_ if classes is None else unique_labels(classes)
        if not fresh and not np.array_equal(known, self.classes_):
            message = f"classes {known} are not those of the first call to partial_fit, {self.classes_}"
            raise ValueError(message)
        if len(known) < 2:
            message = f"{type(self).__name__} needs at least 2 classes, found only one class: {known.tolist()[0]!r}"
            raise ValueError(message)
        return known

    def _weighed(self, y: Array, weights: Array | None) -> Array | None:
        """The weights of the examples times those of their classes."""
        if self.class_weight is None:
            return weights
        of_classes: Array = compute_sample_weight(self.class_weight, y)
        found = of_classes if weights is None else weights * of_classes
        if found.min() < 0 or not found.any():
            message = f"class_weight: expected no negative weight, and some example that counts, in {self.class_weight}"
            raise ValueError(message)
        return found

    def _targets(self, y: Array) -> Array:
        return np.searchsorted(self.classes_, y).astype(np.int64)

    def _held_out_score(self, yhat: Array, data: Examples) -> float:
        return float(np.average(yhat.argmax(axis=1) == data.y, weights=data.weights))

    def _target_of(self, y: Any) -> dict[str, Any]:
        found = np.flatnonzero(self.classes_ == y) if np.ndim(y) == 0 else np.array([], int)
        if len(found) != 1:
            message = f"y: expected one of the classes {self.classes_}, found {y!r}"
            raise ValueError(message)
        return {"label": int(found[0]) + 1}
