"""Methods text, every number of which comes from what a run used and the study's constants."""

from mmme_neuro.wording import channel_name, response_name, with_minus

METHOD_NAMES = {"wpli2_debiased": "debiased squared weighted phase lag index"}
"""Connectivity estimators as named in texts."""

ICA_NAMES = {"picard": "Picard", "infomax": "Infomax"}
"""Algorithms of the ICA as named in texts."""


def methods_text(constants: dict) -> dict[str, str]:
    """Write the methods from the constants.

    Parameters
    ----------
    constants : dict
        Content of ``methods.json``: ``study`` (the study's choices), ``used`` (options that the
        preprocessing was run with) and ``methods`` (constants of the package).

    Returns
    -------
    dict of str to str
        Heading to paragraph, plain text.
    """
    study, used, methods = (constants[name] for name in ("study", "used", "methods"))
    return {
        "Events": _events(used, methods),
        "Agreement of coders": _agreement(study, methods),
        "Clocks": _clocks(methods),
        "EEG": _eeg(used, methods),
        "Event-related potentials": _erp(study, methods),
        "Oscillations": _oscillations(study, methods),
        "Connectivity": _connectivity(study),
        "Peripheral physiology": _physio(study, used),
        "Overlapping responses": _overlap(study),
        "Robustness": _robustness(study, used),
        "Statistics": _statistics(study),
        "Models over maps": _maps(study),
    }


def _events(used: dict, methods: dict) -> str:
    rule, epochs = methods["rule"], used["epochs"]
    windows = [
        f"{_span(epochs[name])} in the {signal}"
        for name, signal in (("eeg", "EEG"), ("physio", "physiology"))
        if epochs[name]
    ]
    inside = "both windows lie inside the recordings"
    text = (
        "Onset, apex and offset of facial expressions were coded from video. Overlapping codings "
        f"of several annotation passes were merged (rule: {used['merge']}). An event "
        "keeps the label that was coded; where coders disagreed it is mixed, stays in the files "
        f"and is not compared. The labels were audited against the rule that a {rule['name']} "
        f"lasts at most {_ms(rule['max_duration_s'])} or rises within {_ms(rule['max_rise_s'])}. "
        f"Epochs are locked to the {epochs['lock']} and reach from {' and from '.join(windows)}; "
        f"an event stays only if {inside if len(windows) > 1 else 'its window lies inside'}."
    )
    if epochs["slow"] and epochs["physio"]:
        text += f" Skin temperature is cut from {_span(epochs['slow'])} and excludes no event."
    if epochs["baseline"]:
        text += f" The mean of {_span(epochs['baseline'])} was subtracted from EEG epochs."
    return text


def _agreement(study: dict, methods: dict) -> str:
    coders = methods["coders"]
    criteria = " or ".join(
        f"an intersection over union of at least {_number(each['min_iou'])}"
        if each["min_iou"]
        else "any overlap"
        for each in study["coder_criteria"]
    )
    tolerances = ", ".join(_number(1000 * value) for value in coders["onset_tolerances_s"])
    thresholds = coders["iou_thresholds"]
    return (
        "In clips with events of two annotation passes the passes were compared as two coders. "
        "Their events were matched one to one, as many as possible, and detection was measured by "
        "F1 = 2 x matches / (events of A + events of B) over intersections over union from "
        f"{_number(thresholds[0])} (any overlap) to {_number(thresholds[-1])} and over differences "
        f"of onsets of at most {tolerances} ms. In events matched by {criteria}, labels were "
        "compared by Cohen's and Fleiss' kappa, Gwet's AC1 and Krippendorff's alpha; action units "
        "by 2 x agreed / (units of A + units of B) and unit by unit; times by limits of agreement "
        "and intraclass correlations of one coder; and what the face does by kappa over units of "
        f"{_ms(study['coder_unit_s'])}. Intervals come from {study['n_bootstrap']} samples of "
        "whole participants, their levels widened for few participants."
    )


def _clocks(methods: dict) -> str:
    clocks = methods["clocks"]
    return (
        "The clock of the physiological recorder was mapped to the EEG clock by a straight line "
        "through the trigger codes that both devices received, matched by code and interval "
        f"within {_number(clocks['max_drift_ppm'])} ppm of drift. Events were placed on the EEG "
        "clock through the camera's wall clock: the start of a clip is the median of wall-clock "
        "minus clip time over its events, regressed on the trigger code of the clip by an "
        "M-estimate."
    )


def _eeg(used: dict, methods: dict) -> str:
    """Cleaning and rejection, as run."""
    n_all, n_clean = used["n_participants"], used["n_already_clean"]
    if n_clean == n_all:
        return f"The EEG had been cleaned elsewhere. {_rejection(used['reject'])}"
    parts = [_filters(used["clean"]), _bad_channels(used["clean"], methods["cleaning"])]
    parts.append(_components(used, methods["cleaning"]))
    if n_clean:
        parts.append(f"The EEG of {n_clean} of {n_all} participants had been cleaned elsewhere.")
    return " ".join([*parts, _rejection(used["reject"])])


def _filters(clean: dict) -> str:
    """Mains, rate, pass band and reference."""
    steps = []
    if clean["line_hz"]:
        steps.append(f"notch-filtered at {_number(clean['line_hz'])} Hz and harmonics")
    steps.append(f"resampled to at most {_number(clean['sfreq'])} Hz")
    steps.append(f"high-pass filtered at {_number(clean['highpass_hz'])} Hz")
    if clean["lowpass_hz"]:
        steps.append(f"low-pass filtered at {_number(clean['lowpass_hz'])} Hz")
    text = f"The EEG was {', '.join(steps)} and re-referenced to the average."
    if clean["reference"] == "csd":
        text += " Current source densities were computed by spherical splines."
    return text


def _bad_channels(clean: dict, constants: dict) -> str:
    """Which channels were interpolated."""
    text = "Flat, noisy or uncorrelated channels were interpolated"
    if clean["ransac"]:
        text += (
            ", as were channels whose RANSAC prediction correlated below "
            f"{_number(constants['ransac_correlation'])} with the recording for more than "
            f"{_number(100 * constants['ransac_share'])} % of the time"
        )
    return f"{text}."


def _components(used: dict, constants: dict) -> str:
    """How components were found and which were removed."""
    clean = used["clean"]
    if not clean["ica"]:
        return "No independent component was removed."
    low, high = constants["ica_band_hz"]
    text = (
        f"Independent components ({ICA_NAMES[clean['ica_method']]}, extended) were fitted to a "
        f"copy of {_number(low)} to {_number(high)} Hz. A component was removed as ocular if "
        f"it correlated with an EOG channel by at least {_number(clean['eye_r'])}, and as "
        f"muscular if the envelope of its {_band(used['muscle_band_hz'])} activity correlated "
        f"with that of an EMG channel by at least {_number(clean['muscle_r'])} or log10 of its "
        f"power in that band divided by its {_band(constants['brain_band_hz'])} power was at least "
        f"{_number(clean['muscle_log_ratio'])}"
    )
    if not clean["iclabel"]:
        return f"{text}. ICLabel was not used."
    text += (
        "; and as either if ICLabel gave a probability of at least "
        f"{_number(clean['label_probability'])} (ocular only with an EOG correlation of "
        f"{_number(constants['agreeing_eye_r'])})."
    )
    n_without, n_all = used["n_without_iclabel"], used["n_participants"]
    if n_without:
        text += f" ICLabel could not be used in {n_without} of {n_all} participants."
    return text


def _rejection(options: dict) -> str:
    """Which epochs were left out."""
    if options["rule"] == "autoreject":
        return (
            "Epochs were repaired or excluded by autoreject (Jas et al. 2017), applied without "
            "regard to condition."
        )
    return (
        f"Epochs that deviate by more than {_number(options['eeg_uv'])} µV from their "
        "mean were excluded, by the same limit for all conditions."
    )


def _erp(study: dict, methods: dict) -> str:
    windows = "; ".join(
        f"{response_name(measure['name'])}, {_span(measure['window'])} at "
        f"{_region(measure['roi'], methods)}"
        for measure in study["erp_measures"]
    )
    return (
        f"Baseline: {_span(study['erp_baseline_s'])}, before the premotor potential. Mean "
        f"amplitudes were measured on every single event: {windows} (electrodes as far as "
        f"recorded). Averages were low-pass filtered at {_number(study['erp_lowpass_hz'])} Hz for "
        "display; each participant counts once, and intervals are within participants "
        "(Cousineau-Morey)."
    )


def _oscillations(study: dict, methods: dict) -> str:
    wavelets = methods["time_frequency"]
    low, high = wavelets["frequencies_hz"]
    fewest, most = wavelets["n_cycles"]
    (alpha,) = [one for one in study["power_measures"] if one["name"] == "alpha_power"]
    return (
        f"Power at {wavelets['n_frequencies']} frequencies from {_number(low)} to {_number(high)} "
        f"Hz was estimated with Morlet wavelets of {_number(fewest)} to {_number(most)} cycles and "
        f"expressed in dB relative to {_span(study['tfr_baseline_s'])}. Alpha power "
        f"({_band(_edges(alpha, methods))}) at {_region(alpha['roi'], methods)} was measured "
        f"on every event as the mean of {_span(alpha['window'])} minus the baseline."
    )


def _connectivity(study: dict) -> str:
    method, two = study["connectivity_method"], " and ".join(study["levels"])
    return (
        f"Coupling of electrodes was estimated by the {METHOD_NAMES.get(method, method)} in "
        f"{_band(study['connectivity_band_hz'])}, {_span(study['connectivity_window_s'])}, over "
        "all events of each participant and averaged over participants. "
        "Participant-by-condition cells with fewer "
        f"than {study['min_epochs']} epochs were not analyzed. {two[:1].upper()}{two[1:]} "
        "events were "
        "compared in participants with enough of both, on equal numbers of epochs drawn "
        "repeatedly; strength, global efficiency and clustering are those of each draw's network, "
        "averaged, weighted and as areas over densities."
    )


def _physio(study: dict, used: dict) -> str:
    modeled = [one for one in study["physio_measures"] if one["name"] in study["responses"]]
    measured = "; ".join(f"{response_name(one['name'])}, {_span(one['window'])}" for one in modeled)
    split = {
        "highpass": "",
        "cvxeda": "Skin conductance was split into tonic and phasic parts by cvxEDA. ",
    }
    return (
        "Heart rate, pulse rate and amplitude, breathing, skin conductance and skin temperature "
        f"were derived at {_number(used['physio']['sfreq'])} Hz. "
        f"{split[used['physio']['eda_method']]}Responses are the "
        f"mean of a window minus that of {_span(study['physio_baseline_s'])}: {measured}. Windows "
        "extending beyond the epoch were truncated at its end."
    )


def _overlap(study: dict) -> str:
    plans = "; ".join(
        f"{', '.join(response_name(w['name']).lower() for w in plan['measures'])}: "
        f"{plan['basis']['n']} cubic splines from {_span(plan['basis']['window'])}"
        for plan in study["overlap_plans"]
    )
    return (
        "Responses to all events of the continuous signal, to beginnings and ends of videos as far "
        "as planned, were estimated at once by linear deconvolution, each participant alone, by "
        f"generalized least squares with autoregressive noise ({plans}). Means over participants "
        "are compared with averages of all events and of isolated ones."
    )


def _robustness(study: dict, used: dict) -> str:
    band = _band(used["muscle_band_hz"])
    return (
        f"Muscle power ({band}) was measured around every event before and after cleaning. Each "
        "contrast was estimated again with an event's muscle power as a covariate, in events "
        "matched for it, in upper and in lower faces only, in isolated events, in the surface "
        "Laplacian, and on the muscle band itself. Onsets were shifted at random "
        f"{study['n_jitter_draws']} times, with a standard deviation of "
        f"{_ms(study['coder_sd_s'])} for the coders in addition to that of the clocks."
    )


def _statistics(study: dict) -> str:
    compared = " and ".join(study["levels"])
    names = [response_name(name).lower() for name in study["responses"]]
    pairs = "; ".join(
        " with ".join(response_name(name).lower() for name in pair)
        for pair in study["cross_modal_pairs"]
    )
    return (
        f"Each single-event response ({', '.join(names)}) was modeled by "
        f"{study['condition']} ({compared}; the first is the reference) with the random terms "
        f"{study['random_terms']}, by restricted maximum likelihood, with Satterthwaite's degrees "
        "of freedom. Random terms that the data could not support were removed in a fixed order: "
        "correlations, slopes of stimuli, slopes of participants, intercepts of stimuli. The "
        "p values of the models are not corrected for the number of responses. Correlations "
        f"within participants (repeated measures; {pairs}) carry Holm's correction. "
        f"{_association(study)} Reliability of the {study['rated_item']} ratings: intraclass "
        "correlations of stimuli over participants as raters."
    )


def _maps(study: dict) -> str:
    """Models of every cell and tests of whole maps."""
    signals = ", ".join(channel_name(name).lower() for name in study["physio_map_channels"])
    return (
        f"The model {study['map_formula']} was fitted by restricted maximum likelihood to every "
        f"channel and time of the EEG ({_span(study['erp_map_window_s'])}, means of "
        f"{_ms(study['erp_map_step_s'])}), to the courses of regions, to power in dB at "
        f"{', '.join(study['tfr_channels'])} (steps of {_ms(study['power_map_step_s'])}) and to "
        f"{signals} ({_span(study['physio_map_window_s'])}). Each map was tested as a whole by "
        f"{study['n_permutations']} random sign flips of the score contributions of participants "
        "and stimuli under the null model, with exact threshold-free cluster enhancement, "
        "two-sided; such a test claims neither latency nor location. Contrasts within valences "
        f"are of the model {study['primary']}, with Holm's correction within a response."
    )


def _association(study: dict) -> str:
    """How face, brain and body were related."""
    blocks = " and ".join(study["cross_modal_blocks"])
    held = " and ".join(study["held_constant"])
    return (
        f"Every two of the measures of {', '.join(study['modalities'])} were correlated in the "
        f"same way, also with {held} held constant: intervals from {study['n_bootstrap']} samples "
        f"of whole participants (studentized), p values from {study['n_orders']} orders of events "
        f"within {blocks}, Holm's correction within each pair of modalities. Courses after the "
        f"event were tested over all windows against circular shifts within {blocks}. Canonical "
        "correlation and partial least squares of measures centered within participants were "
        "cross-validated over participants and stimuli left out."
    )


def _number(value: float) -> str:
    """A constant as it stands, with a typographic minus."""
    return with_minus(f"{value:g}")


def _ms(seconds: float) -> str:
    """A duration in ms."""
    return f"{_number(1000 * seconds)} ms"


def _span(window: list[float] | tuple[float, float]) -> str:
    """A window in seconds from the lock."""
    return f"{_number(window[0])} to {_number(window[1])} s"


def _band(band: list[float]) -> str:
    """A frequency band."""
    return f"{_number(band[0])}–{_number(band[1])} Hz"


def _edges(measure: dict, methods: dict) -> list[float]:
    """Edges of a measure's band."""
    signal = measure["signal"]
    return methods["bands_hz"][signal] if isinstance(signal, str) else signal


def _region(roi: str | list[str], methods: dict) -> str:
    """A region with its electrodes."""
    if isinstance(roi, str):
        return f"{roi.replace('_', '-')} electrodes ({', '.join(methods['regions'][roi])})"
    return ", ".join(roi)
