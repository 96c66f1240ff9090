"""Classifiers, their scores, and paired differences with intervals."""

from dataclasses import dataclass

import numpy as np

CLASSES = ("II", "Ia", "Ib/c")
_LEAST = 1e-3
_BINS = 10


def forest(seed: int, trees: int):
    """A random forest; what was not seen has the value of -2."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    model = RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed, n_jobs=1)
    return make_pipeline(SimpleImputer(strategy="constant", fill_value=-2.0, keep_empty_features=True), model)


def logistic(seed: int, trees: int):
    """A regularized linear model; what was not seen has the median, and says so."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(impute, StandardScaler(), LogisticRegression(C=0.1, max_iter=2000, random_state=seed))


CLASSIFIERS = {"random forest": forest, "logistic regression": logistic}


@dataclass(frozen=True)
class Scores:
    """Of one classifier on one test set, every class with the same total weight.

    ``log_loss`` is flat: the mean over classes of the mean of -ln p of the true class, p at least 0.001;
    ``calibration`` the mean absolute difference of confidence and accuracy over ten bins of confidence.
    """

    f1: float
    log_loss: float
    calibration: float
    recall: tuple[float, ...]


def score(truth: np.ndarray, chance: np.ndarray) -> Scores:
    """Scores of the probabilities (n, n_class) of objects of class index ``truth`` (n,)."""
    n_class = chance.shape[1]
    weight = 1.0 / np.maximum(np.bincount(truth, minlength=n_class), 1)[truth]
    told = chance.argmax(axis=1)
    table = np.zeros((n_class, n_class))
    np.add.at(table, (truth, told), weight)
    right = np.diag(table)
    f1 = 2.0 * right / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1e-12)
    loss = -np.log(np.maximum(chance[np.arange(truth.size), truth], _LEAST))
    confidence = chance.max(axis=1)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    apart = np.bincount(bins, weight * (confidence - (told == truth)), _BINS)
    return Scores(
        float(f1.mean()), float(np.average(loss, weights=weight)), float(np.abs(apart).sum() / weight.sum()),
        tuple(float(x) for x in right / np.maximum(table.sum(axis=1), 1e-12)),
    )  # fmt: skip


def over_splits(values):
    """Mean over splits and the 95 % interval of that mean, by resampling the splits."""
    values = np.asarray(values)
    drawn = values[np.random.default_rng(0).integers(0, len(values), (4000, len(values)))].mean(axis=1)
    return values.mean(axis=0), *np.percentile(drawn, [2.5, 97.5], axis=0)


def over_supernovae(values):
    """The first value, of all supernovae, and the 95 % interval of the others, each of supernovae drawn again."""
    values = np.asarray(values)
    return values[0], *np.percentile(values[1:], [2.5, 97.5], axis=0)
