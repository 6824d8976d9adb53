"""First pair of combinations of two modalities, judged in events that it was not fitted to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mmme_neuro.association.folds import Folds


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
        Both modalities, centred.
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
