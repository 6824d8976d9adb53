"""Every verb that compares conditions gives the same numbers whatever column and levels are called.

One small study is compared as ``expression``: macro, micro; as ``kind``: posed, spontaneous; and
under names with slashes and spaces.
"""

import re
from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmme_neuro import erp_reliability, evoked, time_frequency
from mmme_neuro.inference import effect_map
from mmme_neuro.models import (
    contrast,
    contrasts_within,
    fit_lmm,
    fit_many,
    marginal_means,
    treatment_term,
    with_reference,
)
from mmme_neuro.muscles import (
    by_condition,
    muscle_balance,
    muscle_variants,
    removal_by_region,
    sensitivity_table,
)
from mmme_neuro.pipeline import participant_quality, quality_table, rejection_table
from mmme_neuro.pipeline.screening import QualityLimits
from mmme_neuro.recording import Recording
from mmme_neuro.reliability import OverlapAbove, agreement_tables
from mmme_neuro.responses import (
    ERP_BASELINE,
    Measure,
    OverlapPlan,
    Splines,
    component_table,
    connectivity,
    grand_average,
    graph_measures,
    jackknife_difference,
    measurement_quality,
    onset_jitter,
    pair_table,
    paired_differences,
    participant_curves,
    response_curves,
    separate_overlap,
    within_participant_band,
)
from mmme_neuro.responses.grandaverage import difference

SFREQ = 100.0
TIMES = np.arange(-1.5, 2.0 + 1e-9, 1 / SFREQ)
CHANNELS = ["FZ", "FCZ", "CZ", "PZ", "P1", "P2"]
LATE = Measure(name="late", roi=("PZ",), window=(0.2, 0.5), baseline=ERP_BASELINE)

NAMES = {
    "study": ("expression", ("macro", "micro"), "p{}"),
    "other words": ("kind", ("posed", "spontaneous"), "p{}"),
    "slashes and spaces": ("my kind", ("po/sed", "spon / taneous"), "p/{}/a"),
    "order of the alphabet reversed": ("kind", ("zeal", "art"), "p{}"),
}
"""Column, levels and participants."""


class Study:
    """Events and epochs under some names."""

    def __init__(self, condition, levels, person):
        rng = np.random.default_rng(11)
        n_people, n_each = 6, 24
        n = n_people * n_each
        second = rng.random(n) < 0.45
        second[::n_each], second[1::n_each] = True, False
        self.condition, self.levels = condition, levels
        self.two = {"condition": condition, "levels": levels}
        people = np.array([person.format(i) for i in range(n_people)])
        onset = np.tile(20.0 + 4.0 * np.arange(n_each), n_people) + rng.uniform(0, 1, n)
        self.events = pd.DataFrame(
            {
                "participant": np.repeat(people, n_each),
                "event": [f"e{number}" for number in range(n)],
                condition: np.where(second, levels[1], levels[0]),
                "stimulus": rng.choice(["101", "102", "103"], n),
                "valence": rng.choice(["negative", "positive"], n),
                "onset": onset,
                "onset_sd": 0.02,
                "action_units": rng.choice(["AU4", "AU12", "AU4,AU12"], n),
                "late": 2.0 * second + rng.normal(0, 2, n),
                "muscle_db": 8 - 1.0 * second + rng.normal(0, 1, n),
            }
        )
        data = rng.normal(0, 5e-6, (n, len(CHANNELS), len(TIMES)))
        data[:, 3] += 4e-6 * (1 + second)[:, None] * np.exp(-(((TIMES - 0.35) / 0.1) ** 2))
        info = mne.create_info(CHANNELS, SFREQ, "eeg")
        self.epochs = mne.EpochsArray(data, info, tmin=-1.5, metadata=self.events, verbose="error")
        self.by = ["participant", condition]

    @property
    def muscles(self):
        """Muscle power around each event."""
        rng = np.random.default_rng(5)
        table = self.events[["participant", "event"]].assign(roi="temporal")
        noise = rng.normal(0, 1, len(table))
        power = self.events["muscle_db"]
        share = 1 / (1 + np.exp(-noise)) * 0.9
        return table.assign(before_db=power, after_db=power - 3 + noise, removed_share=share)

    @property
    def fates(self):
        """Events with their fates, and those rejected for their EEG."""
        lost = np.arange(len(self.events)) % 7 == 0
        kept = self.events.assign(fate=np.where(lost, "excluded", "epoch"))
        rejected = self.events[lost].assign(exclusion_reason="EEG deviates by 200 uV")
        return kept, rejected

    @property
    def recording(self):
        """Continuous signal of one participant."""
        own = self.events[self.events["participant"] == self.events["participant"].iloc[0]]
        times = np.arange(0, 140, 0.1)
        rng = np.random.default_rng(3)
        signal = 0.1 * rng.standard_normal(times.size)
        for onset, label in zip(own["onset"], own[self.condition], strict=True):
            size = 1.0 + (label != own[self.condition].iloc[-1])
            signal += size * np.exp(-(((times - onset - 2) / 0.8) ** 2))
        raw = mne.io.RawArray(signal[None], mne.create_info(["x"], 10.0, "eeg"), verbose="error")
        return Recording(eeg=None, physio=raw, events=own.assign(event_type="event"))


def potentials(study):
    grand = grand_average(evoked(study.epochs, study.by), levels=study.levels)
    return difference(grand, study.levels)["mean"], grand.data["ci_low"]


def components(study):
    table = component_table(study.epochs, [LATE], by=study.by)
    quality = measurement_quality(table, condition=study.condition)
    return sorted_by(table, study, ["participant"]), sorted_by(quality, study, [])


def jackknife(study):
    grand = grand_average(evoked(study.epochs, study.by), levels=study.levels)
    return jackknife_difference(grand.individual, LATE, levels=study.levels)


def curves(study):
    named = participant_curves(study.epochs, ["parietal"], **study.two)
    band = within_participant_band(response_curves(study.epochs, condition=study.condition))
    return named["mean"], named["n_epochs"], sorted_by(band, study, ["channel", "time"])


def jitter(study):
    raw = replace(LATE, baseline=None)
    found = onset_jitter(study.epochs, [raw], coder_sd=0.03, n_resamples=5, rng=1, **study.two)
    return (found.draws,)


def oscillations(study):
    maps = time_frequency(study.epochs, by=study.condition, frequencies=[8.0, 12.0], decim=10).data
    return (maps.sel(condition=list(study.levels)),)


def coupling(study):
    how = {"by": study.by, "min_epochs": 5, "equalize": False, "band": (8.0, 13.0)}
    found = connectivity(study.epochs, **how)
    pairs = pair_table(found, {"a": ("FZ", "CZ"), "b": ("PZ", "P1")})
    networks = graph_measures(found.matrix).networks
    return (
        paired_differences(pairs, ["a", "b"], **study.two),
        paired_differences(networks, ["global_efficiency"], **study.two),
        sorted_by(networks, study, ["participant"]),
    )


def overlap(study):
    bump = Measure(
        name="bump", signal="x", window=(1.0, 3.0), baseline=(-1.0, 0.0), unit="arbitrary"
    )
    plan = OverlapPlan(
        modality="physio", basis=Splines((-1.0, 5.0), 10), measures=(bump,), isolation=6.0
    )
    found = separate_overlap(study.recording, plan, **study.two)
    return found.measures, found.curves


def muscles(study):
    random_terms = "(1 | participant)"
    variants = muscle_variants(study.events, rng=1, **study.two)
    return (
        sorted_by(by_condition(study.muscles, study.events, **study.two), study, ["cleaning"]),
        removal_by_region(study.muscles, study.events, random_terms, **study.two),
        muscle_balance(variants, **study.two),
        sensitivity_table(variants, ["late"], random_terms, **study.two),
    )


def losses(study):
    moments, rejected = study.fates
    people = pd.DataFrame({"participant": study.events["participant"].unique(), "status": "done"})
    people = people.assign(n_epochs=20, n_excluded=4)
    none = pd.DataFrame({"participant": [], "removed_as": [], "variance_share": []})
    quality = quality_table(people, none, none, moments, **study.two)
    tables = {
        "participants": people, "moments": moments, "excluded": rejected, "quality": quality,
        "clocks": pd.DataFrame({"device": [], "participant": []}),
        "muscles": pd.DataFrame(), "physio_quality": pd.DataFrame(),
        "erp_components": component_table(study.epochs, [LATE], by=study.by),
    }  # fmt: skip
    limits = QualityLimits(fewest_events=4)
    return (
        rejection_table(moments, rejected, **study.two),
        quality,
        participant_quality(tables, limits=limits, **study.two),
    )


def reliability(study):
    found = erp_reliability(study.events, "late", rng=1, n_splits=10, n_resamples=100, **study.two)
    return found.coefficients, found.measurement


def coders(study):
    a = study.events.assign(clip=study.events["participant"] + "-1", onset=study.events["onset"])
    a = a.assign(apex=a["onset"] + 0.2, offset=a["onset"] + 0.5)
    b = a.assign(**{study.condition: np.roll(a[study.condition].to_numpy(), 1)})
    found = agreement_tables(a, b, [OverlapAbove()], rng=1, n_resamples=100, **study.two)
    return found.labels, found.confusion, found.time_units


def models(study):
    random_terms = "(1 | participant)"
    column = f"`{study.condition}`" if " " in study.condition else study.condition
    table = with_reference(study.events, study.condition, study.levels)
    fit = fit_lmm(f"late ~ {column} + {random_terms}", table)
    battery = fit_many(["late"], f"{column} + {random_terms}", table)
    within = contrasts_within(
        ["late"], f"{column} * valence + {random_terms}", table, of=study.condition, by="valence"
    )
    term = treatment_term(study.condition, study.levels)
    assert term in fit.table().index
    return (
        fit.table().loc[[term]],
        battery.estimates,
        contrast(fit, study.condition),
        marginal_means(fit, study.condition),
        within,
    )


def maps(study):
    column = f"`{study.condition}`" if " " in study.condition else study.condition
    table = with_reference(study.events, study.condition, study.levels)
    data = xr.DataArray(
        1e6 * study.epochs.get_data(picks=["PZ"])[:, 0, 150:210:20],
        dims=("event", "time"), coords={"time": TIMES[150:210:20]},
    )  # fmt: skip
    term = treatment_term(study.condition, study.levels)
    found = effect_map(
        f"~ {column} + (1 + {column} | participant)", data, table, term=term, rng=1,
        n_permutations=49,
    )  # fmt: skip
    return (found.effect(term)["estimate"],)


VERBS = {
    verb.__name__: verb
    for verb in (
        potentials, components, jackknife, curves, jitter, oscillations, coupling, overlap,
        muscles, losses, reliability, coders, models, maps,
    )
}  # fmt: skip


def sorted_by(table, study, columns):
    """Rows in the order of the levels, whatever that of their names."""
    name = "condition" if "condition" in table else study.condition
    rank = table[name].map({level: place for place, level in enumerate(study.levels)})
    ordered = table.assign(rank=rank).sort_values([*columns, "rank"], kind="stable")
    return ordered.reset_index(drop=True)


def in_study_words(value, study):
    """Texts with the names of the study put in the place of others."""
    condition, levels, _ = NAMES["study"]
    text = str(value)
    pairs = zip([study.condition, *study.levels], [condition, *levels], strict=True)
    for old, new in pairs:
        text = re.sub(rf"(?<![A-Za-z]){re.escape(old)}(?![A-Za-z])", new, text)
    return text


def plain(found, study):
    """Numbers of a result with its texts in the study's words."""
    found = found if isinstance(found, tuple) else (found,)
    frames = [
        part.to_dataframe(name="value").reset_index(drop=True)
        if isinstance(part, xr.DataArray) and part.ndim
        else part
        for part in found
    ]
    plain_frames = []
    for frame in frames:
        frame = frame.reset_index().drop(columns=["participant", "index"], errors="ignore")
        # Notes list columns in the order of the alphabet.
        frame = frame.drop(columns="note", errors="ignore")
        frame.columns = [in_study_words(name, study) for name in frame]
        texts = frame.columns[[not pd.api.types.is_numeric_dtype(frame[c]) for c in frame]]
        plain_frames.append(
            frame.assign(**{c: [in_study_words(v, study) for v in frame[c]] for c in texts})
        )
    return plain_frames


@pytest.fixture(scope="module")
def studies():
    return {name: Study(*names) for name, names in NAMES.items()}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "study"])
@pytest.mark.parametrize("verb", VERBS)
def test_numbers_do_not_depend_on_the_words(studies, verb, name):
    expected = plain(VERBS[verb](studies["study"]), studies["study"])
    found = plain(VERBS[verb](studies[name]), studies[name])
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert len(other)
        pd.testing.assert_frame_equal(
            one[sorted(one)].reset_index(drop=True), other[sorted(other)].reset_index(drop=True),
            rtol=1e-6, check_dtype=False,
        )  # fmt: skip


@pytest.mark.parametrize("levels", ["ab", ("macro",), ("macro", "macro"), ("a", "b", "c")])
@pytest.mark.parametrize("verb", ["jitter", "overlap", "coupling", "muscles", "losses"])
def test_levels_that_are_not_two_are_refused(verb, levels):
    study = Study(*NAMES["study"])
    study.levels, study.two = levels, {"condition": study.condition, "levels": levels}
    with pytest.raises(ValueError, match="levels"):
        VERBS[verb](study)
