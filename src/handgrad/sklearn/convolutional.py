"""A convolutional network for images."""

from __future__ import annotations

from math import isqrt, prod
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_array

from handgrad.engine.arrays import Array
from handgrad.ops.op import Shape
from handgrad.sklearn.classes import NetworkClassification
from handgrad.sklearn.layers import Layers
from handgrad.sklearn.settings import RULES, SHARE, Rule, sizes, whole


def _blocks(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) > 0 and all(sizes(block) for block in value)


def _image(value: Any) -> bool:
    return value is None or (isinstance(value, (tuple, list)) and len(value) in (2, 3) and sizes(value))


class ConvNetClassifier(NetworkClassification):
    """Classes of images by convolutions, max-pooling and dense layers, trained on the engine.

    X is [n][H][W], [n][C][H][W], or flat [n][features] with ``image_shape`` (H, W) or (C, H, W); without it flat
    examples are square images of one channel, or one row of pixels where their number is no square.

    - ``blocks``: of each block the channels of its convolutions; behind each block stands a max-pooling;
      ((32, 64),) is conv – conv – pool. A convolution keeps the sides of the image (padding "same").
    - ``kernel_size``, ``pool_size``: along each side; ``hidden_layer_sizes``: dense layers behind the blocks;
    - ``dropout``: the share of units left out in front of each dense layer while it trains;
    - ``shift``: each time an image is met it lies up to so many pixels off its place, zeros from outside.

    It is trained on X over its root mean square; ``network_`` has that taken back in its first kernel, and reads
    [C][H][W]. Fitted attribute: ``image_shape_`` (C, H, W). The other settings as of NetworkClassifier.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        ("blocks", _blocks, "a tuple of blocks, each a tuple of channels"),
        ("kernel_size", lambda value: whole(value, 1), "an integer of at least 1"),
        ("pool_size", lambda value: whole(value, 1), "an integer of at least 1"),
        ("image_shape", _image, "(H, W) or (C, H, W)"),
        ("dropout", *SHARE),
        ("shift", lambda value: whole(value, 0), "an integer of at least 0"),
        *RULES,
    )

    def __init__(  # noqa: PLR0913  scikit-learn reads the settings of an estimator off this signature
        self,
        blocks: Any = ((32, 64),),
        hidden_layer_sizes: Any = (128,),
        activation: str = "relu",
        *,
        kernel_size: int = 3,
        pool_size: int = 2,
        image_shape: Any = None,
        dropout: float = 0.0,
        shift: int = 0,
        solver: str = "adam",
        alpha: float = 1.0,
        batch_size: int | str = "auto",
        learning_rate: str = "cosine",
        learning_rate_init: float = 3e-3,
        max_iter: int = 20,
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
        self.blocks, self.hidden_layer_sizes, self.activation = blocks, hidden_layer_sizes, activation
        self.kernel_size, self.pool_size, self.image_shape = kernel_size, pool_size, image_shape
        self.dropout, self.shift = dropout, shift
        self.solver, self.alpha, self.batch_size = solver, alpha, batch_size
        self.learning_rate, self.learning_rate_init, self.max_iter = learning_rate, learning_rate_init, max_iter
        self.shuffle, self.random_state, self.tol, self.verbose = shuffle, random_state, tol, verbose
        self.warm_start, self.momentum, self.nesterovs_momentum = warm_start, momentum, nesterovs_momentum
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.n_iter_no_change, self.class_weight = n_iter_no_change, class_weight

    def _flat(self, X: Any) -> tuple[Any, Shape | None]:
        axes = np.ndim(X) if isinstance(X, (list, tuple)) else getattr(X, "ndim", 2)
        if axes <= 2:
            return X, None
        X = check_array(X, allow_nd=True, ensure_all_finite=False, input_name="X")
        if X.ndim > 4:
            message = f"X: expected [n][H][W] or [n][C][H][W], found an array of {X.ndim} axes"
            raise ValueError(message)
        return X.reshape(len(X), -1), channels_first(X.shape[1:])

    def _settle(self, shape: Shape | None, *, fresh: bool) -> None:
        if fresh:
            given = None if self.image_shape is None else channels_first(self.image_shape)
            self.image_shape_ = given or shape or square(self.n_features_in_)
        if shape not in (None, self.image_shape_):
            message = f"X has images of shape {shape}, {type(self).__name__} is expecting {self.image_shape_}"
            raise ValueError(message)
        if prod(self.image_shape_) != self.n_features_in_:
            message = (
                f"X has {self.n_features_in_} features, image_shape {self.image_shape} has {prod(self.image_shape_)}"
            )
            raise ValueError(message)

    def _scale(self, x: Array, weights: Array | None) -> None:
        square = np.average((x**2).mean(axis=1), weights=weights)
        self._unit = float(np.sqrt(square)) or 1.0

    def _input(self) -> Shape:
        return self.image_shape_

    def _scaled(self, x: Array) -> Array:
        return x / self._unit

    def _outer(self, parameters: dict[str, Array]) -> dict[str, Array]:
        """What the first kernel takes in over the unit."""
        first = next(iter(parameters))
        return {**parameters, first: parameters[first] / self._unit}

    def _layers_of(self) -> Layers:
        layers = Layers(self.image_shape_)
        for block in self.blocks:
            for channels in np.atleast_1d(block).tolist():
                layers.convolution(channels, self.kernel_size, self.activation)
            layers.pooling(self.pool_size)
        for units in np.atleast_1d(np.asarray(self.hidden_layer_sizes, int)).tolist():
            layers.dropout(self.dropout)
            layers.dense(units, self.activation)
        layers.dropout(self.dropout)
        layers.dense(len(self.classes_))
        return layers


def channels_first(shape: Any) -> Shape:
    """(C, H, W) of an image (H, W) of one channel or (C, H, W)."""
    sizes_of = tuple(int(size) for size in shape)
    return sizes_of if len(sizes_of) == 3 else (1, *sizes_of)


def square(features: int) -> Shape:
    """One channel, square, or one row of pixels."""
    side = isqrt(features)
    return (1, side, side) if side * side == features else (1, 1, features)
