"""What the estimators have in common: from X, y and settings to a network that is trained on the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from handgrad.engine import Compiled, compile_network
from handgrad.engine.arrays import Array
from handgrad.network import Network
from handgrad.ops.op import Shape
from handgrad.problem import Problem
from handgrad.sklearn.course import Course, Examples
from handgrad.sklearn.layers import Layers
from handgrad.sklearn.settings import BATCH, RULES, Rule, check, update

FLOATS = (np.float64, np.float32)


class NetworkEstimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn carries no types
    """A network with the settings of its training; subclasses say what is read, what is given, and by which layers.

    Fitted attributes: ``network_`` (an hg.Network with the learned weights, reading X as it is), ``parameters_``
    (its arrays by name), ``loss_curve_`` (the mean loss of each epoch, without the L2 term), ``loss_``,
    ``best_loss_``, ``n_iter_`` (epochs), ``t_`` (examples met), ``n_features_in_``, and with early stopping
    ``validation_scores_`` and ``best_validation_score_``.
    """

    loss: ClassVar[str]
    rules: ClassVar[tuple[Rule, ...]] = RULES
    n_features_in_: int
    parameters_: dict[str, Array]
    _engine: Compiled | None
    _made_for: Any

    @abstractmethod
    def _layers_of(self) -> Layers:
        """The layers of the network."""

    @abstractmethod
    def _targets(self, y: Array) -> Array:
        """y as the engine reads it."""

    @abstractmethod
    def _held_out_score(self, yhat: Array, data: Examples) -> float:
        """How good ŷ is for held-out examples; more is better."""

    def _input(self) -> Shape:
        """The shape of one example as the network reads it."""
        return (self.n_features_in_,)

    def _flat(self, X: Any) -> tuple[Any, Shape | None]:
        """X as [n][features], and the shape of an example where it had another one."""
        return X, None

    def _settle(self, shape: Shape | None, *, fresh: bool) -> None:
        """Take in the shape that examples had. ValueError where it does not fit."""

    def _outer(self, parameters: dict[str, Array]) -> dict[str, Array]:
        """The parameters for X and y in their own units, from those for the units of the training."""
        return parameters

    def _scaled(self, x: Array) -> Array:
        """[n][features] as the network is trained on it."""
        return x

    def _scale(self, x: Array, weights: Array | None) -> None:
        """Choose the units of the training."""

    # what comes in

    def _examples(self, X: Any, y: Any, sample_weight: Any, *, fresh: bool, **checks: Any) -> tuple[Array, Array, Any]:
        """X [n][features], y and weights of the examples that count."""
        check(self, self.rules)
        X, shape = self._flat(X)
        X, y = validate_data(self, X, y, dtype=list(FLOATS), reset=fresh, **checks)
        self._settle(shape, fresh=fresh)
        weights = _weights(sample_weight, X)
        if weights is None or weights.all():
            return X, y, weights
        counts = weights > 0
        return X[counts], y[counts], weights[counts]

    def _data(self, X: Array, y: Array, weights: Array | None) -> Examples:
        """The examples for the engine; those whose class has weight 0 are left out."""
        data = Examples(self._read(X), self._targets(y), weights)
        if weights is None or weights.all():
            return data
        return data.chosen(np.flatnonzero(weights))

    def _read(self, X: Array) -> Array:
        """X in the shape and the units that the network is trained on."""
        return np.ascontiguousarray(self._scaled(X).reshape(len(X), *self._input()))

    # training

    @property
    def _fitted(self) -> bool:
        return "parameters_" in vars(self)

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted

    def _begin(self, X: Array, weights: Array | None) -> None:
        """First parameters, and the units of the training; what was learned before is forgotten."""
        if self._fitted:
            del self.parameters_
        self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._dtype = X.dtype.name
        self._scale(X, weights)
        self._layers = self._layers_of()
        self._inner = self._layers.first_parameters(self._seed)
        self._states: dict[str, Array] = {}
        self._steps = self._epochs = 0
        self._engine = self._made_for = None
        self.loss_curve_: list[float] = []
        self.n_iter_ = self.t_ = 0

    def _fit(self, X: Array, y: Array, weights: Array | None) -> Self:
        """``max_iter`` epochs or fewer."""
        data, score = self._data(X, y, weights), None
        if self.early_stopping:
            data, held_out = self._split(data)

            def score() -> float:
                return self._held_out_score(engine.predict(held_out.x), held_out)

        engine = self._compiled(data)
        done = Course(self, engine, self._seed, self._epochs).epochs(data, score)
        if self.early_stopping:
            self.validation_scores_, self.best_validation_score_ = done.scores, done.best
        return self._keep(engine, done.losses, data)

    def _fit_once(self, X: Array, y: Array, weights: Array | None) -> Self:
        """One epoch at the rate ``learning_rate_init``."""
        data = self._data(X, y, weights)
        engine = self._compiled(data)
        rates = np.full(-(-len(X) // engine.batch), float(self.learning_rate_init))
        return self._keep(engine, [Course(self, engine, self._seed, self._epochs).once(data, rates)], data)

    def _split(self, data: Examples) -> tuple[Examples, Examples]:
        """What is trained on, and what is held out: of classes as many of each as their share."""
        trained, held_out = train_test_split(
            np.arange(len(data.y)),
            test_size=self.validation_fraction,
            random_state=self._seed,
            stratify=data.y if is_classifier(self) else None,
        )
        return data.chosen(np.sort(trained)), data.chosen(np.sort(held_out))

    def _compiled(self, data: Examples) -> Compiled:
        """The engine that goes on from where the training is; kept as long as it serves."""
        batch = min(BATCH if self.batch_size == "auto" else int(self.batch_size), len(data.x))
        table = update(self, float(len(data.x) if data.weights is None else data.weights.sum()))
        engine = self._engine
        if engine is None or self._made_for != (batch, table):
            engine = self._fresh_engine(batch, table)
            self._engine, self._made_for = engine, (batch, table)
        return engine

    def _fresh_engine(self, batch: int, table: Any) -> Compiled:
        network = self._layers.network(self._inner)
        engine = compile_network(network, self.loss, batch=batch, dtype=self._dtype, update=table, seed=self._seed)
        if set(self._states) == set(engine.states):
            engine.set_states(self._states, self._steps)
        return engine

    def _keep(self, engine: Compiled, losses: list[float], data: Examples) -> Self:
        """Write down what was learned, in plain arrays."""
        self._inner, self._states, self._steps = engine.parameters, engine.states, engine.steps
        self._epochs += len(losses)
        self.parameters_ = self._outer(self._inner)
        self.loss_curve_ = [*self.loss_curve_, *losses]
        self.loss_, self.best_loss_ = self.loss_curve_[-1], min(self.loss_curve_)
        self.n_iter_ += len(losses)
        self.t_ += len(losses) * len(data.x)
        return self

    # what is learned

    @property
    def network_(self) -> Network:
        """The network with the learned weights."""
        if not self._fitted:
            message = f"{type(self).__name__} has no network_ before it is fitted"
            raise AttributeError(message)
        return self._layers.network(self.parameters_)

    def problem(self, x: Any, y: Any, *, arithmetic: str = "float64") -> Problem:
        """The problem of one example x [features] with the target y: ``hg.solve`` gives the working.

        ValueError for a wrong number of features or, of a classifier, a class that was not learned.
        """
        check_is_fitted(self)
        X, shape = self._flat(np.asarray(x)[None])
        row = check_array(X, dtype=np.float64, input_name="x")
        if row.shape[1] != self.n_features_in_:
            message = f"x has {row.shape[1]} features, {type(self).__name__} is expecting {self.n_features_in_}"
            raise ValueError(message)
        self._settle(shape, fresh=False)
        return Problem.from_dict({
            "arithmetic": arithmetic,
            "network": {"input": list(self._input()), "layers": self._layers.filled(self.parameters_)},
            "loss": {"op": self.loss},
            "data": {"x": row[0].reshape(self._input()), **self._target_of(y)},
        })  # fmt: skip

    @abstractmethod
    def _target_of(self, y: Any) -> dict[str, Any]:
        """The entry of one example's target in the table [data]."""

    def _yhat(self, X: Any) -> Array:
        """ŷ in the units of the training."""
        check_is_fitted(self)
        x = self._read(self._checked(X))
        if self._engine is None:
            self._engine = self._fresh_engine(BATCH, None)
        return self._engine.predict(x)

    def _checked(self, X: Any) -> Array:
        """X [n][features] as that of ``fit``."""
        X, shape = self._flat(X)
        checked: Array = validate_data(self, X, dtype=list(FLOATS), reset=False)
        self._settle(shape, fresh=False)
        return checked

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        return {**state, "_engine": None, "_made_for": None} if "_engine" in state else state


def _weights(given: Any, X: Array) -> Array | None:
    """One finite weight of at least 0 for each example, not all of them 0."""
    if given is None:
        return None
    weights: Array = check_array(given, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.ndim != 1:
        message = f"sample_weight: expected one for each example, found an array of shape {weights.shape}"
        raise ValueError(message)
    check_consistent_length(X, weights)
    if (weights < 0).any():
        message = f"sample_weight: expected no negative weight, found {weights.min():g}"
        raise ValueError(message)
    if not weights.any():
        message = "sample_weight: all weights are zero, so there is no example to learn from"
        raise ValueError(message)
    return weights
