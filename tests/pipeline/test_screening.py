import numpy as np
import pandas as pd
import pytest

from mmme_neuro.pipeline.screening import (
    NEEDED,
    SCREENING_COLUMNS,
    QualityLimits,
    participant_quality,
    spectrum_range,
)

PEOPLE = [f"p{number:02d}" for number in range(12)]
KINDS = {"condition": "expression", "levels": ("macro", "micro")}
LIMITS = QualityLimits(fewest_events=4)


@pytest.fixture
def tables():
    """Twelve participants who are nearly alike."""
    rng = np.random.default_rng(5)
    made = {
        "participants": pd.DataFrame({"participant": [*PEOPLE, "lost"]}).assign(
            status=["done"] * 12 + ["failed"]
        ),
        "moments": pd.DataFrame(
            [(name, kind, "epoch") for name in PEOPLE for kind in ["micro"] * 6 + ["macro"] * 10],
            columns=["participant", "expression", "fate"],
        ),
        "excluded": pd.DataFrame(
            [(name, "macro", "EEG deviates by 200 uV") for name in PEOPLE],
            columns=["participant", "expression", "exclusion_reason"],
        ),
        "clocks": pd.DataFrame({"participant": PEOPLE}).assign(
            device="physio", drift_ppm=rng.normal(20, 3, 12), drift_se_ppm=2.0,
            residual_sd_ms=rng.uniform(1.5, 2.5, 12), n_matched=20, n_unmatched=1, n_segments=1,
        ),
        "quality": pd.DataFrame({"participant": PEOPLE}).assign(
            n_bad_channels=rng.integers(0, 4, 12), n_eye=2, n_muscle=8, eye_share=0.5,
            muscle_share=0.1,
        ),
        "muscles": pd.DataFrame({"participant": PEOPLE}).assign(
            roi="temporal", before_db=rng.normal(6, 1, 12), after_db=rng.normal(1, 1, 12)
        ),
        "erp_components": pd.DataFrame(
            [(name, kind, "premotor", "mean", 2.0 / np.sqrt(n), n)
             for name in PEOPLE for kind, n in (("micro", 6), ("macro", 10))],
            columns=["participant", "expression", "component", "measure", "sme", "n_epochs"],
        ),
        "physio_quality": pd.DataFrame(
            [(name, channel, 0.99) for name in PEOPLE for channel in ("eda", "skt")],
            columns=["participant", "channel", "share_usable"],
        ),
    }  # fmt: skip
    assert set(made) == set(NEEDED)
    return made


def rows_of(table, name, measure):
    own = table[(table["participant"] == name) & (table["measure"] == measure)]
    assert len(own) == 1
    return own.iloc[0]


def test_every_participant_has_every_measure_and_alike_ones_are_not_unusual(tables):
    table = participant_quality(tables, limits=LIMITS, **KINDS)
    assert tuple(table) == SCREENING_COLUMNS
    assert table["participant"].drop_duplicates().tolist() == PEOPLE
    assert set(table["participant"].value_counts()) == {table["measure"].nunique()}
    assert not table["is_beyond_limit"].any()
    assert table["is_unusual"].sum() <= 2
    share = rows_of(table, "p00", "rejected_macro")
    assert share["value"] == pytest.approx(1 / 11)
    assert rows_of(table, "p00", "n_micro")["value"] == 6
    # sme * sqrt(n) of both expressions is 2, so is the pooled spread.
    assert rows_of(table, "p03", "spread_premotor")["value"] == pytest.approx(2.0)
    assert rows_of(table, "p00", "physio_unmatched")["value"] == pytest.approx(1 / 21)


def test_planted_trouble_is_found_and_only_that(tables):
    clean = participant_quality(tables, limits=LIMITS, **KINDS)
    tables["clocks"].loc[4, ["residual_sd_ms", "drift_ppm"]] = 40.0, 300.0
    tables["quality"].loc[7, "n_bad_channels"] = 25
    tables["muscles"].loc[2, "after_db"] = 14.0
    usable = tables["physio_quality"]
    usable.loc[(usable["participant"] == "p09") & (usable["channel"] == "eda"), "share_usable"] = (
        0.1
    )
    table = participant_quality(tables, limits=LIMITS, **KINDS)
    for name, measure in (
        ("p04", "physio_residual_sd_ms"),
        ("p04", "physio_drift_ppm"),
        ("p07", "n_bad_channels"),
        ("p02", "muscle_after_db"),
        ("p09", "usable_eda"),
    ):
        row = rows_of(table, name, measure)
        assert row["is_unusual"], measure
        assert row["value"] > row["high"] or row["value"] < row["low"]
    assert table["is_unusual"].sum() <= clean["is_unusual"].sum() + 5
    assert rows_of(table, "p09", "usable_eda")["is_beyond_limit"]
    assert table["is_beyond_limit"].sum() == 1


def test_few_events_and_many_rejected_ones_are_beyond_limits_whatever_the_others_are(tables):
    moments = tables["moments"]
    tables["moments"] = moments[
        ~((moments["participant"] == "p01") & moments["expression"].eq("micro"))
    ]
    more = pd.DataFrame({"participant": ["p05"] * 8, "expression": "micro",
                         "exclusion_reason": "EEG deviates by 300 uV"})  # fmt: skip
    tables["excluded"] = pd.concat([tables["excluded"], more])
    table = participant_quality(tables, limits=LIMITS, **KINDS)
    assert rows_of(table, "p01", "n_micro")[["value", "is_beyond_limit"]].tolist() == [0, True]
    assert rows_of(table, "p05", "rejected_micro")["value"] == pytest.approx(8 / 14)
    assert rows_of(table, "p05", "rejected_micro")["is_beyond_limit"]


def test_few_participants_have_limits_but_no_range(tables):
    tables["participants"] = tables["participants"][:3]
    table = participant_quality(tables, limits=LIMITS, **KINDS)
    assert table["low"].isna().all() and not table["is_unusual"].any()
    assert table["participant"].nunique() == 3


def test_study_without_cleaning_or_physiology_has_the_other_measures(tables):
    tables["muscles"] = tables["muscles"][:0]
    tables["physio_quality"] = pd.DataFrame({"participant": [], "channel": []})
    measures = set(participant_quality(tables, limits=LIMITS, **KINDS)["measure"])
    assert "n_micro" in measures
    assert not any(name.startswith(("muscle_after", "usable")) for name in measures)


def test_missing_tables_are_named(tables):
    del tables["clocks"]
    with pytest.raises(ValueError, match=r"\['clocks'\] are absent"):
        participant_quality(tables, limits=LIMITS, **KINDS)


def test_spectra_have_quantiles_at_every_frequency():
    spectra = pd.DataFrame(
        [(name, f, number + f, -number) for number, name in enumerate(PEOPLE) for f in (1.0, 2.0)],
        columns=["participant", "frequency", "before_db", "after_db"],
    )
    found = spectrum_range(spectra)
    before = found[(found["cleaning"] == "before") & (found["frequency"] == 2.0)].iloc[0]
    assert before["median"] == pytest.approx(np.median(np.arange(12)) + 2)
    assert before["low"] == pytest.approx(np.quantile(np.arange(12), 0.1) + 2)
    assert len(found) == 4
    assert spectrum_range(spectra[:0]).empty
