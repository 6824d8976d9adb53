"""Labels of raters as numbers of categories, in the order that the labels state."""

from collections.abc import Hashable, Sequence
from numbers import Number

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.levels import sorted_by_size


def coded_labels(
    labels: pd.DataFrame, categories: Sequence | None, *, level: str
) -> tuple[np.ndarray, list]:
    """Number the category of each label.

    Parameters
    ----------
    labels : DataFrame, shape (n_units, n_raters)
        Label that each rater gave each unit; missing where none.
    categories : sequence or None
        All possible labels, in order.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences of categories mean; but for nominal ones their order counts.

    Returns
    -------
    codes : array of int, shape (n_units, n_raters)
        -1 where missing.
    values : list
        The categories. Where their order counts and they are not given, in that of ordered
        Categoricals (unused categories are steps of the scale, too) or of numbers, also as text;
        else those that occur. At least two: a second, unused one is None.

    Raises
    ------
    BadInput
        With fewer than two raters, unknown labels, or three words or more without an order.
    """
    labels, is_ordered = pd.DataFrame(labels), level != "nominal"
    if labels.shape[1] < 2:
        raise BadInput(
            f"labels must have a column for each of 2 raters or more, got {labels.shape[1]}."
        )
    flat = labels.to_numpy(dtype=object).ravel()
    no_label = [value for value in flat if not isinstance(value, Hashable)]
    if no_label:
        raise BadInput(
            f"labels must be one word or number per cell, found {no_label[0]!r}; write it as text."
        )
    is_there = pd.notna(flat)
    scale = None
    if categories is not None:
        scale = list(categories)
    elif is_ordered:
        scale = _stated_scale(labels)
    if scale is None:
        flat = _one_kind(flat, is_there, is_ordered)
        scale = _found_scale(set(flat[is_there]), needs_order=level == "ordinal")
    unknown = sorted(set(flat[is_there]) - set(scale), key=str)
    if unknown:
        raise BadInput(f"labels hold {unknown}, which are not in categories {scale}.")
    if len(scale) < 2:
        # One label throughout: a second, unused one keeps the coefficients' formulas defined.
        scale = [*scale, None]
    places = {value: place for place, value in enumerate(scale)}
    codes = [places[value] if there else -1 for value, there in zip(flat, is_there, strict=True)]
    return np.array(codes, dtype=int).reshape(labels.shape), scale


def _stated_scale(labels: pd.DataFrame) -> list | None:
    """Categories of the ordered Categoricals; None where there are none."""
    scales = [
        list(column.cat.categories)
        for _, column in labels.items()
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered
    ]
    if not scales:
        return None
    longest = max(scales, key=len)
    for scale in scales:
        if [value for value in longest if value in set(scale)] != scale:
            raise BadInput(
                f"labels are ordered as {longest} for one rater and as {scale} for another; give "
                "all one order with categories=."
            )
    return longest


def _one_kind(flat: np.ndarray, is_there: np.ndarray, is_ordered: bool) -> np.ndarray:
    """Numbers written as text as numbers, where their size counts or other labels are numbers."""
    present = list(dict.fromkeys(flat[is_there]))
    texts = [value for value in present if isinstance(value, str)]
    has_numbers = any(isinstance(value, Number) for value in present)
    if not texts or not (is_ordered or has_numbers) or sorted_by_size(texts) is None:
        return flat
    numbers = {text: float(text) for text in texts}
    return np.array([numbers.get(value, value) for value in flat], dtype=object)


def _found_scale(values: set, *, needs_order: bool) -> list:
    """Labels that occur, by size; words have none, which matters from three of them on."""
    by_size = sorted_by_size(values)
    if by_size is None and needs_order and len(values) > 2:
        raise BadInput(
            f"labels {sorted(values, key=str)} are words without an order, and the alphabet's is "
            "none: name them from the lowest to the highest with categories=[...], or make the "
            "columns ordered Categoricals."
        )
    return sorted(values, key=str) if by_size is None else by_size
