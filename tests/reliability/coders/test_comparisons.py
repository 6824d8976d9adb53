import datetime

import numpy as np
import pandas as pd
import pytest

from mmme_neuro import agreement, read_events
from mmme_neuro.reliability import OverlapAbove, agreement_tables, pass_pairs
from mmme_neuro.reliability.coders.comparisons import label_confusion, time_differences
from mmme_neuro.simulate.files.sheet_file import CodingParameters, write_sheet

CRITERIA = (OverlapAbove(), OverlapAbove(0.5))
CODING = CodingParameters(
    share_a_only=0.2, share_b_only=0.2, share_both=0.6, detection=0.9, onset_sd=0.05,
    apex_sd=0.03, offset_sd=0.08, label_error=0.03,
)  # fmt: skip
LEVELS = ("micro", "macro")


def true_events(n_people=20, n_clips=8, n_events=8):
    """Events 5 s apart, long enough that two codings of one always overlap."""
    rng = np.random.default_rng(3)
    rows = []
    for person in range(n_people):
        for clip in range(n_clips):
            for number in range(n_events):
                is_micro = rng.random() < 0.4
                onset = 3.0 + 5.0 * number + rng.uniform(0, 1)
                rise, decay = (0.24, 0.24) if is_micro else (0.5, 1.0)
                times = onset + np.array([0.0, rise, rise + decay])
                rows.append(
                    {
                        "participant": f"sub{person:02d}",
                        "code": 101 + clip,
                        "expression": "micro" if is_micro else "macro",
                        **dict(zip(("onset", "apex", "offset"), times, strict=True)),
                        "action_units": "AU4,AU7" if rng.random() < 0.3 else "AU4",
                        **dict(
                            zip(
                                ("onset_clock", "apex_clock", "offset_clock"),
                                36000 + 60 * clip + times,
                                strict=True,
                            )
                        ),
                        "recording_date": datetime.date(2030, 1, 1),
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def coded(tmp_path_factory):
    path = tmp_path_factory.mktemp("sheet") / "coding_file.xlsx"
    write_sheet(path, true_events(), rng=1, parameters=CODING)
    return read_events(path)


@pytest.fixture(scope="module")
def tables(coded):
    pair = pass_pairs(coded).iloc[0]
    coders = [coded[coded["annotation_pass"] == pair[name]] for name in ("pass_a", "pass_b")]
    return agreement_tables(
        *coders, CRITERIA, condition="expression", levels=LEVELS, rng=1, n_resamples=300
    )


def test_the_errors_put_into_a_sheet_are_found(tables):
    """From the file that the simulator writes, through its reader, to the tables."""
    timing = tables.timing.set_index(["criterion", "time"]).loc["any overlap"]
    # The difference of two coders has the variance of both; the step of 10 ms adds hardly any.
    for time, sd in (("onset", CODING.onset_sd), ("apex", CODING.apex_sd)):
        assert timing.loc[time, "sd_ms"] == pytest.approx(1000 * np.sqrt(2) * sd, rel=0.08)
        assert abs(timing.loc[time, "bias_ms"]) < 5
    assert timing.loc["offset_coded", "sd_ms"] == pytest.approx(
        1000 * np.sqrt(2) * CODING.offset_sd, rel=0.12
    )
    # Offsets that a coder left at the apex are as far away as the decay is long.
    assert timing.loc["offset", "sd_ms"] > 3 * timing.loc["offset_coded", "sd_ms"]
    limits = timing.loc["onset", ["loa_low_ms", "loa_high_ms"]]
    assert np.ptp(limits) == pytest.approx(2 * 1.96 * timing.loc["onset", "sd_ms"], rel=0.05)
    detection = tables.detection.set_index("criterion").loc["any overlap"]
    assert detection["f1"] == pytest.approx(CODING.detection, abs=0.03)
    labels = tables.labels.set_index(["criterion", "coefficient"])["estimate"]["any overlap"]
    agreed = (1 - CODING.label_error) ** 2 + CODING.label_error**2
    assert labels["observed_agreement"] == pytest.approx(agreed, abs=0.02)
    assert labels["action_unit_index"] == 1  # Coders err in times and labels only.


def test_tables_are_those_of_agreement(coded, tables):
    a, b = (coded[coded["annotation_pass"] == name] for name in "AB")
    single = agreement(
        a, b, condition="expression", levels=LEVELS, criterion=CRITERIA[1], rng=1, n_resamples=300
    )
    for name, index in (("timing", "time"), ("action_units", "action_unit")):
        table = getattr(tables, name)
        own = table[table["criterion"] == str(CRITERIA[1])].drop(columns="criterion")
        expected = getattr(single, name)
        pd.testing.assert_frame_equal(own.set_index(index), expected, check_like=True)
    summary = tables.summary.set_index("criterion").loc[str(CRITERIA[1])]
    assert summary["n_matched"] == len(single.pairs)
    assert summary["n_clips_left_out"] == len(single.left_out_clips) == 160 - single.n_clips


def test_no_table_names_a_participant_or_clip(tables):
    for name, table in vars(tables).items():
        text = table.to_csv()
        assert "sub0" not in text and "sub1" not in text, name


def test_confusion_counts_every_pair_once():
    pairs = pd.DataFrame(
        {"label_a": ["micro", "macro", "macro"], "label_b": ["macro", "macro", "macro"]}
    )
    table = label_confusion(pairs, LEVELS).set_index(["label_a", "label_b"])
    assert table.index.tolist() == [
        ("macro", "macro"),
        ("macro", "micro"),
        ("micro", "macro"),
        ("micro", "micro"),
    ]
    assert table["n"].tolist() == [2, 0, 1, 0]
    assert table["share"].sum() == pytest.approx(1)
    assert label_confusion(pairs[:0], LEVELS).empty


def test_differences_are_a_minus_b():
    pairs = pd.DataFrame(
        {
            "participant": ["sub01"], "censored": [True],
            "onset_a": [1.0], "onset_b": [1.1], "apex_a": [1.5], "apex_b": [1.5],
            "offset_a": [2.0], "offset_b": [1.5],
        }
    )  # fmt: skip
    table = time_differences(pairs).set_index("time")
    assert table["difference_ms"].round(6).to_dict() == {
        "onset": -100.0,
        "apex": 0.0,
        "offset": 500.0,
        "rise": 100.0,
        "duration": 600.0,
    }
    assert table.loc["onset", "mean_ms"] == pytest.approx(1050)
    assert table["censored"].all()


def test_passes_with_most_clips_in_common_come_first():
    events = pd.DataFrame({"annotation_pass": list("AABBBCC"), "clip": list("pqxqrqr")})
    table = pass_pairs(events)
    assert table.to_numpy().tolist() == [["B", "C", 2], ["A", "B", 1], ["A", "C", 1]]
    assert pass_pairs(events[events["annotation_pass"] == "A"]).empty
    assert pass_pairs(events.assign(clip=range(7))).empty


def test_a_criterion_is_needed(coded):
    with pytest.raises(ValueError, match="criteria must name at least one"):
        agreement_tables(coded, coded, [], condition="expression")
