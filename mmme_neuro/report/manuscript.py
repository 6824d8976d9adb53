"""Every number of the manuscript, as text with its unit and interval."""

import pandas as pd

from mmme_neuro.report import papertables
from mmme_neuro.report.methods import methods_text
from mmme_neuro.report.quantities import (
    INTERVAL,
    SIGNIFICANT,
    count_text,
    dof_text,
    is_significant,
    percent_text,
    quantity,
    share_text,
    spread_text,
)
from mmme_neuro.report.results import Results
from mmme_neuro.report.sections.agreement import coder_numbers
from mmme_neuro.report.sections.modeling import MAP_NAMES
from mmme_neuro.wording import (
    measure_name,
    network_name,
    number_text,
    p_relation,
    quantity_text,
    response_name,
    with_minus,
)

TABLES = (
    "events participants excluded quality rejection clocks physio_quality audit erp_jackknife "
    "erp_measurement coupling coupling_test connectivity_cells models model_notes "
    "variance_components cross_modal icc overlap sensitivity muscle_balance muscle_removal "
    "onset_jitter_summary recovery action_units agreement_summary agreement_detection "
    "agreement_labels agreement_timing map_tests valence_contrasts"
).split()
"""Result tables that the manuscript draws on."""

CONTRAST_COLUMNS = ("estimate", "ci_low", "ci_high", "statistic", "dof", "p_value")
MATCHED = "matched muscle power"

SIGNAL_NAMES = {
    "eda": "Skin conductance",
    "eda_phasic": "Phasic skin conductance",
    "eda_tonic": "Tonic skin conductance",
    "skt": "Skin temperature",
    "pulse_rate": "Pulse rate",
    "heart_rate": "Heart rate",
    "rsp_rate": "Breathing rate",
    "emg_a": "Facial EMG A",
    "emg_b": "Facial EMG B",
    "skt_b": "Skin temperature B",
}
"""Derived signals for readers, where they are not responses by the same name."""


def manuscript_numbers(results: Results) -> dict:
    """Write every quantity and table of the manuscript.

    Parameters
    ----------
    results : Results
        Folder of results; participants are numbers in what it gives.

    Returns
    -------
    dict
        Of texts and lists of texts: ``is_simulated``, one entry per section, ``tables``,
        ``methods`` (headings with paragraphs) and ``software``.

    Raises
    ------
    FileNotFoundError
        When a result is absent.
    """
    lacking = [f"{name}.csv" for name in TABLES if not results.has(name)]
    if not results.methods:
        lacking.append("methods.json")
    if lacking:
        raise FileNotFoundError(
            f"{', '.join(lacking)}: not in {results.folder}; the steps that write them did not run "
            "or failed. Run python -m analyses, which names the step that fails."
        )
    return {
        "is_simulated": results.is_simulated,
        "interval": INTERVAL,
        "level": f"{SIGNIFICANT:g}".removeprefix("0"),
        "sample": _sample(results),
        "quality": _quality(results),
        "agreement": coder_numbers(results),
        "potentials": _potentials(results),
        "coupling": _coupling(results),
        "models": _models(results),
        "maps": _maps(results),
        "cross_modal": _cross_modal(results),
        "reliability": _reliability(results),
        "muscles": _muscles(results),
        "jitter": _jitter(results),
        "recovery": _recovery(results),
        "tables": papertables.paper_tables(results),
        "methods": [
            {"heading": heading, "text": text}
            for heading, text in methods_text(results.methods).items()
        ],
        "constants": _constants(results.methods),
        "software": results.methods["software"],
    }


def _with(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A table that has these columns, empty where it lacks them."""
    return table.reindex(columns=[*table, *(name for name in columns if name not in table)])


def _sample(results: Results) -> dict[str, str]:
    """Who and what was analyzed."""
    people, events = results.people(), results.table("events")
    done = people[people["status"] == "done"]
    kept = {level: done[f"n_{level}"].sum() for level in results.levels}
    excluded = results.table("excluded")
    return {
        "participants": count_text(len(people)),
        "analyzed": count_text(len(done)),
        "failed": count_text(len(people) - len(done)),
        "coded": count_text(len(events)),
        "stimuli": count_text(events["stimulus"].nunique()),
        "clips": count_text(events["clip"].nunique()),
        "kept": count_text(sum(kept.values())),
        "excluded": count_text(len(excluded)),
        "other": count_text(done["n_epochs"].sum() - sum(kept.values())),
        **{kind: count_text(n) for kind, n in kept.items()},
        **{f"{kind}_each": spread_text(done[f"n_{kind}"]) for kind in kept},
        **{f"{kind}_duration": _duration(events, results.condition, kind) for kind in kept},
    }


def _duration(events: pd.DataFrame, condition: str, level: str) -> str:
    """Durations of events whose offset was coded."""
    own = events[(events[condition] == level) & ~events["censored"].astype(bool)]
    if own.empty:
        return "unknown (no offset was coded)"
    ms = 1000 * own["duration"].astype(float)
    low, middle, high = (f"{value:.0f}" for value in ms.quantile([0.05, 0.5, 0.95]))
    return f"median {middle} ms, 5th to 95th percentile {low} to {high} ms, n = {len(own)}"


def _quality(results: Results) -> dict[str, str]:
    """Recordings and their cleaning."""
    quality, clocks = results.table("quality"), results.table("clocks")
    rejection, physio = results.table("rejection"), results.table("physio_quality")
    residuals = {
        f"{device}_residual": spread_text(own["residual_sd_ms"], unit="ms")
        for device, own in clocks.groupby("device", observed=True)
    }
    worst = (
        physio.groupby("channel", observed=True)["share_usable"].mean()
        if len(physio)
        else pd.Series()
    )
    signal = str(worst.idxmin()) if len(worst) else "none"
    return {
        "bad_channels": spread_text(quality["n_bad_channels"]),
        "eye": spread_text(quality["n_eye"]),
        "muscle": spread_text(quality["n_muscle"]),
        "eye_share": percent_text(quality["eye_share"].mean()),
        "muscle_share": percent_text(quality["muscle_share"].mean()),
        "rejected": _rejected(rejection),
        "usable": percent_text(worst.mean(), digits=3),
        "worst_signal": SIGNAL_NAMES.get(signal, response_name(signal)),
        "worst_usable": percent_text(worst.min(), digits=3),
        "physio_residual": residuals.get("physio_residual", "not aligned"),
        "camera_residual": residuals.get("camera_residual", "not aligned"),
    }


def _rejected(rejection: pd.DataFrame) -> str:
    """Rejected events of all, by condition."""
    return "; ".join(
        f"{row['condition']} events {count_text(row['n_rejected'])} of "
        f"{count_text(row['n_events'])}"
        for row in rejection.to_dict("records")
    )


def _potentials(results: Results) -> dict:
    """Differences measured on averages, by jackknife, and the measurement error."""
    table = _with(results.table("erp_jackknife"), *CONTRAST_COLUMNS, "unit")
    in_s = table["unit"] == "s"
    table.loc[in_s, ["estimate", "ci_low", "ci_high"]] *= 1000
    differences = [
        quantity(
            row,
            name=f"{response_name(row['component'])}, {measure_name(row['measure'])}",
            unit={"s": "ms"}.get(row["unit"], row["unit"]),
        )
        for row in table.to_dict("records")
    ]
    shares = _with(results.table("erp_measurement"), "share_of_error")["share_of_error"]
    span = [percent_text(value) for value in (shares.min(), shares.max()) if pd.notna(value)]
    return {"differences": differences, "error_share": " to ".join(span) or "an unknown part"}


def _coupling(results: Results) -> dict:
    """Coupling of named pairs over all events, and its comparison."""
    pairs, test = results.table("coupling"), results.table("coupling_test")
    cells = results.table("connectivity_cells")
    columns = [name for name in pairs if name != "participant"]
    test = _with(test, *CONTRAST_COLUMNS, "p_holm")
    tested = test[test["estimate"].notna()]
    n_compared = int(test["n_participants"].max()) if len(test) else 0
    refused = cells["reason"].fillna("").astype(str) != ""
    return {
        "pairs": [{"name": name, "text": spread_text(pairs[name])} for name in columns],
        "n_compared": count_text(n_compared),
        "refused": share_text(refused),
        "differences": [
            quantity(row, name=network_name(row["measure"])) for row in tested.to_dict("records")
        ],
        "significant": share_text(is_significant(tested, "p_holm")) if len(tested) else "",
    }


def _models(results: Results) -> dict:
    """Contrasts of the mixed models."""
    table, notes = results.table("models"), results.table("model_notes")
    # Where no model could be fitted, the tables lack columns.
    table, notes = _with(table, "term", *CONTRAST_COLUMNS), _with(notes, "reductions")
    contrasts = table[table["term"] == results.term]
    reduced = notes["reductions"].fillna("").astype(str) != ""
    return {
        "contrasts": [
            quantity(row, name=response_name(row["response"]), unit=row["unit"])
            for row in contrasts.to_dict("records")
        ],
        "significant": share_text(is_significant(contrasts)),
        "reduced": share_text(reduced),
    }


def _maps(results: Results) -> list[dict[str, str]]:
    """Tests of whole maps."""
    return [
        {
            "name": MAP_NAMES.get(row["map"], row["map"]),
            "axes": row["axes"],
            "test": (
                f"{p_relation(row['p_value'])} (Monte-Carlo {INTERVAL} {row['p_low']:.4f} to "
                f"{row['p_high']:.4f})"
                if pd.notna(row["p_value"])
                else f"not tested ({row['note']})"
            ),
            "marked": f"{count_text(row['n_marked'])} of {count_text(row['n_cells'])}",
        }
        for row in results.table("map_tests").to_dict("records")
    ]


def _cross_modal(results: Results) -> list[dict[str, str]]:
    """Correlations within participants."""
    return [
        quantity(
            row, name=f"{response_name(row['x'])} and {response_name(row['y']).lower()}", value="r"
        )
        | {
            "dof": dof_text(row["dof"]),
            "events": count_text(row["n_events"]),
            "left_out": count_text(row["n_left_out"]),
        }
        for row in results.table("cross_modal").to_dict("records")
    ]


def _reliability(results: Results) -> list[dict[str, str]]:
    """Intraclass correlations; none where there are no ratings."""
    rows = results.table("icc").to_dict("records")
    return [quantity({**row, "dof": None}, name=row["form"], value="icc") for row in rows]


def _muscles(results: Results) -> dict[str, str]:
    """What contrasts owe to muscles."""
    table, balance = results.table("sensitivity"), results.table("muscle_balance")
    controls = table[table["verdict"] != "primary"]
    differences = _with(balance, "analysis", "difference_sd").set_index("analysis")
    sds = differences["difference_sd"].astype(float)
    primary, matched = (sds.get(name, float("nan")) for name in ("primary", MATCHED))
    verdicts = controls["verdict"].value_counts()
    listed = [f"{verdict}: {count_text(n)}" for verdict, n in sorted(verdicts.items())]
    return {
        "imbalance": f"{number_text(primary, digits=2)} SD",
        "imbalance_matched": f"{number_text(matched, digits=2)} SD",
        "verdicts": "; ".join(listed),
    }


def _jitter(results: Results) -> dict[str, str]:
    """Errors of the coded onsets."""
    table = results.table("onset_jitter_summary")
    if table.empty:
        return {}
    clear = table[table["as_coded"].abs() > 2 * table["sd"]]
    ratios = [f"{value:.2f}" for value in (clear["ratio"].min(), clear["ratio"].max())]
    return {
        "sd": f"{table['sd_ms'].iloc[0]:.0f} ms",
        "events": count_text(table["n_events"].iloc[0]),
        "clear": share_text(table["as_coded"].abs() > 2 * table["sd"]),
        "ratios": " to ".join(ratios) if len(clear) else "",
    }


def _recovery(results: Results) -> dict:
    """How much of what was put in was found; empty for a real study."""
    table = results.table("recovery")
    if table.empty:
        return {}
    covered = table["covered"].astype(bool)
    missed = [quantity_text(text) for text in table.loc[~covered, "quantity"]]
    return {"covered": share_text(covered), "missed": missed}


def _constants(methods: dict) -> dict[str, str]:
    """Constants that the prose names beside the methods text."""
    rule, study = methods["methods"]["rule"], methods["study"]
    return {
        "max_duration": f"{1000 * rule['max_duration_s']:g} ms",
        "max_rise": f"{1000 * rule['max_rise_s']:g} ms",
        "min_epochs": count_text(study["min_epochs"]),
        "seed": str(study["seed"]),
        "version": methods["software"]["mmme_neuro"],
        "baseline_s": " to ".join(with_minus(f"{value:g}") for value in study["erp_baseline_s"]),
    }
