"""Networks of dense layers: a classifier and a regressor."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array

from handgrad.engine.arrays import Array
from handgrad.sklearn.base import NetworkEstimator
from handgrad.sklearn.classes import NetworkClassification
from handgrad.sklearn.course import Examples
from handgrad.sklearn.layers import Layers


class DenseLayers:
    """Hidden dense layers, and what they are called in scikit-learn."""

    parameters_: dict[str, Array]
    hidden_layer_sizes: Any
    activation: str
    n_features_in_: int

    def _stack(self, outputs: int) -> Layers:
        layers = Layers((self.n_features_in_,))
        for units in np.atleast_1d(np.asarray(self.hidden_layer_sizes, int)).tolist():
            layers.dense(units, self.activation)
        layers.dense(outputs)
        return layers

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, [inputs][units] (transposed: W of the network is [units][inputs])."""
        return [array.T for name, array in self.parameters_.items() if name[0] == "W"]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer."""
        return [array for name, array in self.parameters_.items() if name[0] == "b"]


class NetworkClassifier(DenseLayers, NetworkClassification):
    """Classes by a network of dense layers, trained on the engine.

    Settings are named as MLPClassifier's and mean the same, but for

    - ``activation``: also those of ``handgrad.sklearn.settings.ACTIVATIONS``;
    - ``solver``: sgd, adam, adamw, rmsprop, lion;
    - ``alpha``: the L2 term beside the mean loss is alpha/(2n) Σ θ² of all parameters, biases too, n the number of
      all examples (their weight where they are weighed), not of a batch (adamw and lion decay by as much);
    - ``batch_size``: "auto" is 32; ``learning_rate``: "constant", "cosine", "one_cycle", or a Schedule of
      ``handgrad.training.schedules``, over ``max_iter`` epochs; ``partial_fit`` has the rate ``learning_rate_init``;
    - ``class_weight``: None, "balanced", or a dict of weights by class.

    It computes in float32 where X is float32, else in float64.
    """

    def __init__(  # noqa: PLR0913  scikit-learn reads the settings of an estimator off this signature
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1.0,
        batch_size: int | str = "auto",
        learning_rate: str = "cosine",
        learning_rate_init: float = 3e-3,
        max_iter: int = 100,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        class_weight: Any = None,
    ) -> None:
        self.hidden_layer_sizes, self.activation = hidden_layer_sizes, activation
        self.solver, self.alpha, self.batch_size = solver, alpha, batch_size
        self.learning_rate, self.learning_rate_init, self.max_iter = learning_rate, learning_rate_init, max_iter
        self.shuffle, self.random_state, self.tol, self.verbose = shuffle, random_state, tol, verbose
        self.warm_start, self.momentum, self.nesterovs_momentum = warm_start, momentum, nesterovs_momentum
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.n_iter_no_change, self.class_weight = n_iter_no_change, class_weight

    def _layers_of(self) -> Layers:
        return self._stack(len(self.classes_))


class NetworkRegressor(DenseLayers, RegressorMixin, NetworkEstimator):  # type: ignore[misc]  # scikit-learn carries no types
    """Numbers, or several at once, by a network of dense layers with half the squared error as loss.

    It is trained on targets that are centred and scaled to variance 1; ``network_`` has that taken back in its
    last layer. ``loss_curve_`` is in units of the scaled targets. Settings as of NetworkClassifier.
    """

    loss: ClassVar[str] = "squared_error"

    def __init__(  # noqa: PLR0913  scikit-learn reads the settings of an estimator off this signature
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1.0,
        batch_size: int | str = "auto",
        learning_rate: str = "cosine",
        learning_rate_init: float = 3e-3,
        max_iter: int = 100,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes, self.activation = hidden_layer_sizes, activation
        self.solver, self.alpha, self.batch_size = solver, alpha, batch_size
        self.learning_rate, self.learning_rate_init, self.max_iter = learning_rate, learning_rate_init, max_iter
        self.shuffle, self.random_state, self.tol, self.verbose = shuffle, random_state, tol, verbose
        self.warm_start, self.momentum, self.nesterovs_momentum = warm_start, momentum, nesterovs_momentum
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.n_iter_no_change = n_iter_no_change

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on examples X with targets y [n] or [n][outputs]; ``sample_weight`` as of NetworkClassifier.

        ValueError for settings out of range, NaN or infinity, lengths that differ, a loss that is no longer finite.
        """
        fresh = not (self.warm_start and self._fitted)
        return self._fit(*self._met(X, y, sample_weight, fresh=fresh))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch over these examples, at the rate ``learning_rate_init``; the first ones settle the scale of y."""
        return self._fit_once(*self._met(X, y, sample_weight, fresh=not self._fitted))

    def predict(self, X: Any) -> Array:
        """ŷ, of the shape of y."""
        yhat: Array = self._yhat(X) * self._deviation + self._mean
        return yhat[:, 0] if self._single else yhat

    def _met(self, X: Any, y: Any, sample_weight: Any, *, fresh: bool) -> tuple[Array, Array, Array | None]:
        X, y, weights = self._examples(X, y, sample_weight, fresh=fresh, multi_output=True, y_numeric=True)
        outputs = y.reshape(len(y), -1).astype(X.dtype)
        if fresh:
            self._single = y.ndim == 1
            self._mean = np.average(outputs, axis=0, weights=weights)
            deviation = np.sqrt(np.average((outputs - self._mean) ** 2, axis=0, weights=weights))
            self._deviation = np.where(deviation > 0, deviation, 1).astype(X.dtype)
            self._begin(X, weights)
        elif outputs.shape[1] != len(self._mean):
            message = f"y has {outputs.shape[1]} outputs, {type(self).__name__} was fitted with {len(self._mean)}"
            raise ValueError(message)
        return X, outputs, weights

    def _layers_of(self) -> Layers:
        return self._stack(len(self._mean))

    def _targets(self, y: Array) -> Array:
        return np.ascontiguousarray((y - self._mean) / self._deviation)

    def _outer(self, parameters: dict[str, Array]) -> dict[str, Array]:
        """ŷ of the training times the deviation plus the mean, taken into the last layer."""
        *_, W, b = parameters
        scaled = {
            W: parameters[W] * self._deviation[:, None],
            b: parameters[b] * self._deviation + self._mean,
        }
        return {**parameters, **scaled}

    def _held_out_score(self, yhat: Array, data: Examples) -> float:
        if len(yhat) < 2:
            message = f"validation_fraction: R² needs at least 2 held-out examples, found {len(yhat)}"
            raise ValueError(message)
        return float(r2_score(data.y, yhat, sample_weight=data.weights))

    def _target_of(self, y: Any) -> dict[str, Any]:
        row = check_array(np.atleast_1d(y), ensure_2d=False, dtype=np.float64, input_name="y")
        if row.shape != self._mean.shape:
            message = f"y: expected {len(self._mean)} numbers, found an array of shape {row.shape}"
            raise ValueError(message)
        return {"y": row}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
