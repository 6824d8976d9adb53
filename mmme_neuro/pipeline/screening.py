"""Quality of each participant's data beside all others', one row per measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from mmme_neuro.errors import MissingInput
from mmme_neuro.pipeline.outliers import usual_range
from mmme_neuro.rejection import REASONS
from mmme_neuro.wording import channel_name, response_name

SCREENING_COLUMNS = (
    "participant",
    "group",
    "measure",
    "label",
    "unit",
    "value",
    "median",
    "low",
    "high",
    "limit",
    "is_unusual",
    "is_beyond_limit",
)
NEEDED = (
    "participants",
    "moments",
    "excluded",
    "clocks",
    "quality",
    "muscles",
    "erp_components",
    "physio_quality",
)
"""Tables that measures are taken from."""

SHARE_RESOLUTION = 0.02
CODES_RESOLUTION = 0.05
"""One code in twenty."""
DB_RESOLUTION = 1.0
SPECTRUM_QUANTILES = {"low": 0.1, "median": 0.5, "high": 0.9}
RATIO_RESOLUTION = 0.1
DEVICES = {"physio": "physiology clock", "camera": "camera clock"}


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How one measure is named, and what of it a reader should look at.

    Parameters
    ----------
    group, name, label, unit : str
        Heading, column-like name, name in print and unit (``"1"`` of counts, ``"share"`` of
        proportions).
    side : {"high", "low", "both", ""}
        On which side a participant can be unusual; empty: not compared with the others.
    resolution : float
        As in `mmme_neuro.pipeline.outliers.usual_range`.
    is_ratio : bool
        As there.
    least, most : float
        Fixed limits, whatever the others are.
    """

    group: str
    name: str
    label: str
    unit: str
    side: str = ""
    resolution: float = 1.0
    is_ratio: bool = False
    least: float = -np.inf
    most: float = np.inf


@dataclass(frozen=True, kw_only=True)
class QualityLimits:
    """What a participant's data should have, whatever those of the others are.

    Parameters
    ----------
    fewest_events : int
        Used events of each condition.
    most_rejected : float
        Share of either condition that may be rejected for its EEG.
    fewest_codes : int
        Matched trigger codes a device.
    least_usable : float
        Share of a physiological channel.
    """

    fewest_events: int
    most_rejected: float = 0.25
    fewest_codes: int = 5
    least_usable: float = 0.5


Measured: TypeAlias = "list[tuple[Quality, pd.Series[Any]]]"


def participant_quality(
    tables: Mapping[str, pd.DataFrame],
    *,
    condition: str,
    levels: Sequence[str],
    limits: QualityLimits,
    roi: str = "temporal",
) -> pd.DataFrame:
    """Quality every participant and compare each with all others and with fixed limits.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The tables `NEEDED` of the other steps.
    condition : str
        Column of the conditions in ``moments`` and ``excluded``.
    levels : sequence of str
        Conditions whose events are counted.
    limits : QualityLimits
        Fixed limits.
    roi : str
        Region whose muscle power is told.

    Returns
    -------
    DataFrame
        `SCREENING_COLUMNS`, one row per participant and measure; ``low, high`` is the usual range
        (see `mmme_neuro.pipeline.outliers.usual_range`; NaN where it is not compared), ``limit``
        the fixed limit (NaN without). Participants who were not analyzed have no row.

    Raises
    ------
    MissingInput
        When a table is missing.
    """
    if absent := [name for name in NEEDED if name not in tables]:
        raise MissingInput(f"tables: {list(NEEDED)} are needed, {absent} are absent.")
    done = tables["participants"]
    people = done.loc[done["status"] == "done", "participant"].tolist()
    measured = [
        *_events(tables, condition, levels, limits),
        *_clocks(tables["clocks"], limits),
        *_cleaning(tables["quality"]),
        *_muscles(tables["muscles"], roi),
        *_noise(tables["erp_components"]),
        *_physio(tables["physio_quality"], limits),
    ]
    rows = [_compared(measure, values.reindex(people)) for measure, values in measured]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=SCREENING_COLUMNS)
    place = {name: number for number, name in enumerate(people)}
    table = table.sort_values("participant", key=lambda own: own.map(place), kind="stable")
    return table.dropna(subset=["value"])[list(SCREENING_COLUMNS)].reset_index(drop=True)


def spectrum_range(spectra: pd.DataFrame) -> pd.DataFrame:
    """Give the middle 80 % of the participants' spectra at every frequency.

    Parameters
    ----------
    spectra : DataFrame
        ``participant, frequency, before_db, after_db``.

    Returns
    -------
    DataFrame
        ``frequency, cleaning`` (before or after) and the quantiles ``low, median, high`` (10, 50
        and 90 %) in dB.
    """
    parts = []
    for cleaning in ("before", "after"):
        groups = spectra.groupby("frequency")[f"{cleaning}_db"]
        quantiles = {name: groups.quantile(share) for name, share in SPECTRUM_QUANTILES.items()}
        parts.append(pd.DataFrame(quantiles).reset_index().assign(cleaning=cleaning))
    return pd.concat(parts)[["frequency", "cleaning", "low", "median", "high"]]


def _compared(measure: Quality, values: pd.Series) -> pd.DataFrame:
    """One measure of all participants, with range, limit and verdicts."""
    known = values.to_numpy(float)
    table = pd.DataFrame({"participant": values.index, "value": known})
    names = ("group", "label", "unit")
    table = table.assign(measure=measure.name, **{name: getattr(measure, name) for name in names})
    is_beyond = (known < measure.least) | (known > measure.most)
    ends = [end for end in (measure.least, measure.most) if np.isfinite(end)]
    table = table.assign(is_beyond_limit=is_beyond, limit=ends[0] if ends else np.nan)
    if not measure.side:
        return table.assign(median=np.nan, low=np.nan, high=np.nan, is_unusual=False)
    usual = usual_range(
        known, resolution=measure.resolution, side=measure.side, is_ratio=measure.is_ratio
    )
    return table.assign(
        median=usual.median, low=usual.low, high=usual.high, is_unusual=usual.excludes(known)
    )


def _events(
    tables: Mapping[str, pd.DataFrame], condition: str, levels: Sequence[str], limits: QualityLimits
) -> Measured:
    """Used events and shares of the lost ones."""
    moments, excluded = tables["moments"], tables["excluded"]
    used = moments[moments["fate"] == "epoch"]
    reasons = excluded["exclusion_reason"].fillna("").astype(str)
    rejected = excluded[reasons.str.startswith(REASONS)]
    found: Measured = []
    for level in levels:
        n_used, n_rejected, n_excluded = (
            own[own[condition] == level]["participant"].value_counts()
            for own in (used, rejected, excluded)
        )
        # Who has no event of a condition has used none of it.
        n_used = n_used.reindex(moments["participant"].unique(), fill_value=0)
        name = f"{level} events"
        found.append(
            (Quality(group="Events", name=f"n_{level}", label=f"{name} used", unit="1",
                     least=limits.fewest_events), n_used)
        )  # fmt: skip
        n_all = n_used.add(n_excluded, fill_value=0)
        share = n_rejected.reindex(n_all.index).fillna(0) / n_all.where(n_all > 0)
        found.append(
            (Quality(group="Events", name=f"rejected_{level}", unit="share", side="high",
                     label=f"{name} rejected for their EEG", resolution=SHARE_RESOLUTION,
                     most=limits.most_rejected), share)
        )  # fmt: skip
    return found


def _clocks(clocks: pd.DataFrame, limits: QualityLimits) -> Measured:
    """Drift, residuals and matched codes of each device."""
    found: Measured = []
    for device, own in clocks.groupby("device", sort=False):
        own, name = own.set_index("participant"), DEVICES.get(str(device), f"{device} clock")
        noise = own["residual_sd_ms"].where(own["residual_sd_ms"] > 0)
        unmatched = own["n_unmatched"] / (own["n_matched"] + own["n_unmatched"])
        # A drift that is off by less than a few standard errors is not known to be off.
        error = max(float(own["drift_se_ppm"].median()), 1.0)
        found += [
            (Quality(group="Clocks", name=f"{device}_drift_ppm", label=f"{name}: drift", unit="ppm",
                     side="both", resolution=error), own["drift_ppm"]),
            (Quality(group="Clocks", name=f"{device}_residual_sd_ms", label=f"{name}: residual SD",
                     unit="ms", side="high", is_ratio=True, resolution=RATIO_RESOLUTION), noise),
            (Quality(group="Clocks", name=f"{device}_n_matched", label=f"{name}: codes matched",
                     unit="1", least=limits.fewest_codes), own["n_matched"]),
            (Quality(group="Clocks", name=f"{device}_unmatched", label=f"{name}: codes not matched",
                     unit="share", side="high", resolution=CODES_RESOLUTION), unmatched),
            (Quality(group="Clocks", name=f"{device}_n_segments", label=f"{name}: segments",
                     unit="1", most=1), own["n_segments"]),
        ]  # fmt: skip
    return found


def _cleaning(quality: pd.DataFrame) -> Measured:
    """Bad channels and removed components."""
    own = quality.set_index("participant")
    counts = {
        "n_bad_channels": "channels interpolated",
        "n_eye": "eye components removed",
        "n_muscle": "muscle components removed",
    }
    shares = {
        "eye_share": "variance removed as eye",
        "muscle_share": "variance removed as muscle",
    }
    return [
        (Quality(group="EEG", name=name, label=label, unit="1", side="high"), own[name])
        for name, label in counts.items()
    ] + [
        (Quality(group="EEG", name=name, label=label, unit="share", side="high",
                 resolution=SHARE_RESOLUTION), own[name])
        for name, label in shares.items()
    ]  # fmt: skip


def _muscles(muscles: pd.DataFrame, roi: str) -> Measured:
    """Median power of muscles around events before and after cleaning."""
    if muscles.empty:
        return []
    own = muscles[muscles["roi"] == roi].groupby("participant")[["before_db", "after_db"]].median()
    place = roi.replace("_", " ")
    return [
        (Quality(group="EEG", name=f"muscle_{when}_db", unit="dB", side="high",
                 label=f"muscle power, {place}, {when} cleaning", resolution=DB_RESOLUTION),
         own[f"{when}_db"])
        for when in ("before", "after")
    ]  # fmt: skip


def _noise(components: pd.DataFrame) -> Measured:
    """Spread of single events within conditions: the error of a mean times the root of n."""
    means = components[(components["measure"] == "mean") & (components["n_epochs"] > 1)]
    found: Measured = []
    for name, own in means.groupby("component", sort=False):
        dof = own["n_epochs"] - 1
        parts = pd.DataFrame(
            {"participant": own["participant"], "dof": dof,
             "squares": dof * own["n_epochs"] * own["sme"] ** 2}
        ).groupby("participant").sum()  # fmt: skip
        spread = (parts["squares"] / parts["dof"]) ** 0.5
        found.append(
            (Quality(group="EEG", name=f"spread_{name}", unit="uV", side="high", is_ratio=True,
                     label=f"{response_name(str(name))}, SD of single events",
                     resolution=RATIO_RESOLUTION), spread.where(spread > 0))
        )  # fmt: skip
    return found


def _physio(quality: pd.DataFrame, limits: QualityLimits) -> Measured:
    """Usable share of every derived channel."""
    if "share_usable" not in quality:
        return []
    return [
        (Quality(group="Physiology", name=f"usable_{channel}", unit="share", side="low",
                 label=f"{channel_name(str(channel))}: usable",
                 resolution=SHARE_RESOLUTION, least=limits.least_usable),
         own.set_index("participant")["share_usable"])
        for channel, own in quality.groupby("channel", sort=False)
    ]  # fmt: skip
