"""The estimators beside scikit-learn's own networks: ``python -m benchmarks.estimators``.

Both with their defaults, on the same folds of the same standardised inputs (five folds, five times, stratified);
the score is the mean over all folds with its standard error, the seconds are the mean of a fit. Digits also from
a held-out third, over five seeds. All of it runs on one core unless HANDGRAD_THREADS says otherwise.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterator
from typing import Any

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "HANDGRAD_THREADS")


def cross_validated(load: Any, models: list[Any], repeats: int, *, classes: bool) -> list[tuple[float, float, float]]:
    """Mean score, its standard error and the seconds of a fit for each model, fold by fold in turn."""
    import numpy as np
    from sklearn.base import clone
    from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold
    from sklearn.preprocessing import StandardScaler

    X, y = load(return_X_y=True)
    kind = RepeatedStratifiedKFold if classes else RepeatedKFold
    scores: list[list[float]] = [[] for _ in models]
    seconds: list[list[float]] = [[] for _ in models]
    for train, test in kind(n_splits=5, n_repeats=repeats, random_state=0).split(X, y):
        scaler = StandardScaler().fit(X[train])
        for i, model in enumerate(models):
            start = time.perf_counter()
            fitted = clone(model).fit(scaler.transform(X[train]), y[train])
            seconds[i].append(time.perf_counter() - start)
            scores[i].append(fitted.score(scaler.transform(X[test]), y[test]))
    error = [float(np.std(one) / np.sqrt(len(one))) for one in scores]
    return [(float(np.mean(s)), e, float(np.mean(t))) for s, e, t in zip(scores, error, seconds, strict=True)]


def held_out(model: Any) -> Iterator[tuple[float, float]]:
    """Score on a held-out third of the digits and the seconds of the fit, for five seeds."""
    from sklearn.base import clone
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    for seed in range(5):
        x, x_test, t, t_test = train_test_split(X / 16, y, test_size=1 / 3, stratify=y, random_state=seed)
        start = time.perf_counter()
        fitted = clone(model).set_params(random_state=seed).fit(x, t)
        yield fitted.score(x_test, t_test), time.perf_counter() - start


def warm(models: list[Any]) -> None:
    """Each model once, so that no fit waits for a compiler."""
    from sklearn.base import clone
    from sklearn.datasets import load_iris

    for model in models:
        clone(model).set_params(max_iter=1).fit(*load_iris(return_X_y=True))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="times five folds")
    repeats = parser.parse_args().repeats
    for name in THREADS:
        os.environ.setdefault(name, "1")

    from sklearn import datasets
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    from handgrad.sklearn import ConvNetClassifier, NetworkClassifier, NetworkRegressor

    warnings.simplefilter("ignore")
    classifiers = [NetworkClassifier(random_state=0), MLPClassifier(random_state=0)]
    regressors = [NetworkRegressor(random_state=0), MLPRegressor(random_state=0)]
    images = ConvNetClassifier(random_state=0)
    warm([*classifiers, *regressors, images])

    print(f"{'data':14}{'handgrad':>18}{'s a fit':>9}{'scikit-learn':>18}{'s a fit':>9}")
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes"):
        models = regressors if name == "diabetes" else classifiers
        load = getattr(datasets, f"load_{name}")
        (ours, our_error, our_time), (peer, error, peer_time) = cross_validated(
            load, models, repeats, classes=name != "diabetes"
        )
        print(f"{name:14}{ours:10.4f} ± {our_error:.4f}{our_time:9.3f}{peer:10.4f} ± {error:.4f}{peer_time:9.3f}")

    print(f"\n{'digits, a third held out':28}{'score over five seeds':30}{'s a fit':>9}")
    for model in (*classifiers, images):
        found = list(held_out(model))
        scores = " ".join(f"{score:.4f}" for score, _ in found)
        print(f"{type(model).__name__:28}{scores:37}{max(seconds for _, seconds in found):9.2f}", flush=True)


if __name__ == "__main__":
    main()
