import pandas as pd
import pytest

from mmme_neuro.pipeline.losses import LOSS_COLUMNS, label_table, quality_table, rejection_table

KINDS = {"condition": "expression", "levels": ("macro", "micro")}


def test_counts_and_shares_of_each_participant():
    participants = pd.DataFrame(
        {
            "participant": ["a", "b", "c"],
            "status": ["done", "done", "failed"],
            "n_epochs": [10, 4, 0],
            "n_excluded": [1, 0, 0],
        }
    )
    bad = pd.DataFrame({"participant": ["b", "b"], "channel": ["FZ", "CZ"]})
    components = pd.DataFrame(
        {
            "participant": ["a", "a", "a", "b"],
            "removed_as": ["eye", "muscle", "muscle", ""],
            "variance_share": [0.5, 0.1, 0.05, 1.0],
        }
    )
    kinds = ["micro"] * 7 + ["macro"] * 6 + ["mixed"] * 2
    moments = pd.DataFrame({"expression": kinds, "fate": "epoch"})
    moments["participant"] = ["a"] * 3 + ["b"] * 4 + ["a"] * 8
    moments.loc[12, "fate"] = "excluded"
    table = quality_table(participants, bad, components, moments, **KINDS)
    assert tuple(table) == ("participant", "n_macro", "n_micro", *LOSS_COLUMNS[1:])
    assert table[["n_macro", "n_micro"]].to_numpy().tolist() == [[5, 3], [0, 4]]
    assert table["participant"].tolist() == ["a", "b"]
    assert table["n_other"].tolist() == [2, 0]
    assert table["n_bad_channels"].tolist() == [0, 2]
    assert table[["n_components", "n_eye", "n_muscle"]].to_numpy().tolist() == [
        [3, 1, 2],
        [1, 0, 0],
    ]
    assert table["muscle_share"].round(6).tolist() == [0.15, 0.0]


def test_rejection_counts_only_what_the_rule_rejected():
    kept = pd.DataFrame(
        {"participant": "a", "expression": ["micro"] * 8 + ["macro"] * 18, "fate": "epoch"}
    )
    reasons = ["EEG deviates by 200 uV (limit 150)"] * 4 + ["window leaves the recording"]
    excluded = pd.DataFrame(
        {
            "participant": "a",
            "expression": ["micro", "micro", "macro", "macro", "macro"],
            "exclusion_reason": reasons,
        }
    )
    table = rejection_table(kept, excluded, **KINDS).set_index("condition")
    assert table.loc["micro", ["n_events", "n_rejected"]].tolist() == [10, 2]
    assert table.loc["macro", ["n_events", "n_rejected"]].tolist() == [20, 2]
    assert table["odds_ratio"].iloc[0] == pytest.approx((2 / 8) / (2 / 18))


def test_labels_are_counted_at_each_probability():
    components = pd.DataFrame(
        {
            "participant": "a",
            "p_eye": [0.95, 0.75, 0.0, 0.1],
            "p_muscle": [0.0, 0.0, 0.85, 0.1],
            "removed_as": ["eye", "", "muscle", "muscle"],
        }
    )
    table = label_table(components).set_index("probability")
    assert table["n_eye"].tolist() == [2, 1, 1]
    assert table["n_muscle"].tolist() == [1, 1, 0]
    assert table["n_both"].tolist() == [2, 2, 1]
    assert (table["n_removed"] == 3).all()
    assert label_table(components.drop(columns="p_eye")).empty
