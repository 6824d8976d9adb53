"""Folds that leave out participants and stimuli, and cross-validated associations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mmme_neuro.stats.groups import centered, summed


@dataclass(frozen=True)
class Folds:
    """Products within training and test rows of each fold.

    Fold (i, j) leaves out the participants i and the stimuli j: it is trained on rows with neither
    and tested on rows with both, so that each event is tested once.

    Parameters
    ----------
    train_xx, train_yy, test_xx, test_yy : array, shape (n_folds, n_features, n_features)
        Sums of products of centered rows.
    train_n : array of int, shape (n_folds,)
        Training rows less one for each mean taken.
    cells : array of int, shape (n_rows,)
        Fold in which each row is tested.
    shift_train, shift_test : array, shape (n_folds, n_x, n_y)
        What centering takes from sums of plain products of x and y.
    """

    train_xx: np.ndarray
    train_yy: np.ndarray
    test_xx: np.ndarray
    test_yy: np.ndarray
    train_n: np.ndarray
    cells: np.ndarray
    shape: tuple[int, int]
    shift_train: np.ndarray
    shift_test: np.ndarray

    def products_xy(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Products of x and y of each fold.

        Parameters
        ----------
        x : array, shape (n_rows, n_x)
            As given to `make_folds`.
        y : array, shape (n_rows, n_y)
            The same rows, moved at most within groups and stimuli: centering stays as it is.

        Returns
        -------
        train, test : array, shape (n_folds, n_x, n_y)
        """
        plain = np.zeros((self.shape[0] * self.shape[1], x.shape[1], y.shape[1]))
        by_cell = summed(x[:, :, np.newaxis] * y[:, np.newaxis, :], self.cells)
        plain[: len(by_cell)] = by_cell
        return _trained(plain, self.shape) + self.shift_train, plain + self.shift_test


def make_folds(
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    participant_folds: np.ndarray,
    stimulus_folds: np.ndarray,
) -> Folds:
    """Prepare the products of all folds.

    Parameters
    ----------
    x, y : array, shape (n_rows, n_features)
        Both modalities.
    groups : array of int, shape (n_rows,)
        What is centered: participants, or participants by stratum.
    participant_folds, stimulus_folds : array of int, shape (n_rows,)
        Fold of the participant and of the stimulus of each row.

    Returns
    -------
    Folds

    Notes
    -----
    Training rows are centered on the means of training rows. Participants left out are centered on
    the means of all their own rows, none of which the model has seen.
    """
    shape = (int(participant_folds.max()) + 1, int(stimulus_folds.max()) + 1)
    cells = participant_folds * shape[1] + stimulus_folds
    both = np.hstack([x, y])
    width = x.shape[1]
    tested = centered(both, groups)
    n_folds, size = shape[0] * shape[1], both.shape[1]
    train, test = np.zeros((n_folds, size, size)), np.zeros((n_folds, size, size))
    train_n = np.zeros(n_folds, dtype=int)
    for fold in range(n_folds):
        i, j = divmod(fold, shape[1])
        used = (participant_folds != i) & (stimulus_folds != j if shape[1] > 1 else True)
        if used.any():
            own = np.unique(groups[used], return_inverse=True)[1]
            rows = centered(both[used], own)
            train[fold] = rows.T @ rows
            train_n[fold] = used.sum() - (own.max() + 1)
        rows = tested[cells == fold]
        test[fold] = rows.T @ rows
    plain = np.zeros((n_folds, width, size - width))
    by_cell = summed(x[:, :, np.newaxis] * y[:, np.newaxis, :], cells)
    plain[: len(by_cell)] = by_cell
    return Folds(
        train_xx=train[:, :width, :width],
        train_yy=train[:, width:, width:],
        test_xx=test[:, :width, :width],
        test_yy=test[:, width:, width:],
        train_n=train_n,
        cells=cells,
        shape=shape,
        shift_train=train[:, :width, width:] - _trained(plain, shape),
        shift_test=test[:, :width, width:] - plain,
    )


def deal(labels: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Deal labels to folds of about equal numbers of rows.

    Parameters
    ----------
    labels : array of int, shape (n_rows,)
        Participant or stimulus of each row, numbered from 0.
    n_folds : int
        Folds.
    rng : numpy.random.Generator
        Breaks ties.

    Returns
    -------
    array of int, shape (n_rows,)
        Fold of each row; all rows of a label are in one.

    Examples
    --------
    >>> deal(np.array([0, 0, 0, 1, 1, 2]), 2, np.random.default_rng(1))
    array([0, 0, 0, 1, 1, 1])
    """
    counts = np.bincount(labels)
    fold_of, filled = np.zeros(len(counts), dtype=int), np.zeros(n_folds)
    order = rng.permutation(len(counts))
    for label in order[np.argsort(-counts[order], kind="stable")]:
        fold_of[label] = int(np.argmin(filled))
        filled[fold_of[label]] += counts[label]
    return fold_of[labels]


def _trained(plain: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Sums over the cells that share neither participants nor stimuli with each cell."""
    grid = plain.reshape(*shape, *plain.shape[1:])
    total = grid.sum(axis=(0, 1)) - grid.sum(axis=1, keepdims=True)
    if shape[1] > 1:
        total = total - grid.sum(axis=0, keepdims=True) + grid
    return np.broadcast_to(total, grid.shape).reshape(plain.shape)


def whitening(products: np.ndarray) -> np.ndarray:
    """Symmetric inverse square roots.

    Parameters
    ----------
    products : array, shape (..., n_features, n_features)
        Covariances. Directions without variance stay without weight.

    Returns
    -------
    array, shape (..., n_features, n_features)

    Examples
    --------
    >>> whitening(np.diag([4.0, 16.0])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    values, vectors = np.linalg.eigh(products)
    floor = np.maximum(1e-10 * values[..., -1:], 1e-300)
    roots = np.where(values > floor, 1 / np.sqrt(np.maximum(values, floor)), 0.0)
    return (vectors * roots[..., np.newaxis, :]) @ np.swapaxes(vectors, -1, -2)


def _unchanged(products: np.ndarray) -> np.ndarray:
    """No change of scale: features have SD 1 already."""
    return np.broadcast_to(np.eye(products.shape[-1]), products.shape)


SCALINGS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {"cca": whitening, "pls": _unchanged}
)
"""What each method does to a modality before the singular value decomposition."""


@dataclass(frozen=True)
class CrossValidation:
    """What stays the same when the rows of one modality move within groups and stimuli.

    Parameters
    ----------
    folds : Folds
        Products of training and test rows.
    scale_x, scale_y : array, shape (n_folds, n_features, n_features)
        Scalings of the training rows.
    whole_x, whole_y : array, shape (n_features, n_features)
        Scalings of all rows.
    dof : int
        Rows less the means taken.
    """

    folds: Folds
    scale_x: np.ndarray
    scale_y: np.ndarray
    whole_x: np.ndarray
    whole_y: np.ndarray
    dof: int

    def scores(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """Fit the first pair in each fold and test it.

        Parameters
        ----------
        x, y : array, shape (n_rows, n_features)
            Both modalities, the rows of ``y`` moved or not.

        Returns
        -------
        r_cv : float
            Within-participant correlation of the pair's scores over the test rows of all folds.
        strength : float
            Correlation (CCA) or covariance (PLS) of the pair fitted to all rows.
        """
        folds, n = self.folds, self.folds.train_n[:, np.newaxis, np.newaxis]
        train, test = folds.products_xy(x, y)
        left, _, right = np.linalg.svd(
            self.scale_x @ (train / n) @ self.scale_y, full_matrices=False
        )
        a = np.einsum("fij,fj->fi", self.scale_x, left[:, :, 0])
        b = np.einsum("fij,fj->fi", self.scale_y, right[:, 0])
        # Scores of SD 1 in training rows, so that folds count alike.
        a = a / np.sqrt(_quadratic(a, folds.train_xx / n, a))[:, np.newaxis]
        b = b / np.sqrt(_quadratic(b, folds.train_yy / n, b))[:, np.newaxis]
        xx = _quadratic(a, folds.test_xx, a).sum()
        yy = _quadratic(b, folds.test_yy, b).sum()
        r_cv = _quadratic(a, test, b).sum() / np.sqrt(xx * yy)
        whole = self.whole_x @ (x.T @ y / self.dof) @ self.whole_y
        return float(r_cv), float(np.linalg.svd(whole, compute_uv=False)[0])


def prepare(
    folds: Folds, x: np.ndarray, y: np.ndarray, *, method: str, dof: int
) -> CrossValidation:
    """Compute what all null orders share.

    Parameters
    ----------
    folds : Folds
        Of ``x`` and ``y``.
    x, y : array, shape (n_rows, n_features)
        Both modalities, centered.
    method : {"cca", "pls"}
        How modalities are scaled.
    dof : int
        Rows less the means taken.

    Returns
    -------
    CrossValidation
    """
    scaling, n = SCALINGS[method], folds.train_n[:, np.newaxis, np.newaxis]
    return CrossValidation(
        folds=folds,
        scale_x=scaling(folds.train_xx / n),
        scale_y=scaling(folds.train_yy / n),
        whole_x=scaling(x.T @ x / dof),
        whole_y=scaling(y.T @ y / dof),
        dof=dof,
    )


def _quadratic(a: np.ndarray, products: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products of two combinations, one a fold."""
    return np.einsum("fi,fij,fj->f", a, products, b)
