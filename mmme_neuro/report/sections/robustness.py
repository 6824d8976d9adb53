"""Sections on what results owe to overlap, facial muscles and errors of the coded onsets."""

from mmme_neuro.report import formats
from mmme_neuro.report.markup import Column, details, paragraph, table_html
from mmme_neuro.report.results import Results
from mmme_neuro.wording import interval_text, response_name


def overlap(results: Results) -> str:
    """Responses by averaging, of isolated events and by deconvolution."""
    table = results.table("overlap")
    is_known = table["truth"].notna().any()
    columns = [
        formats.written("measure", "response", response_name),
        formats.text("condition", results.condition),
        formats.text("method", "method"),
        formats.unit(),
        formats.number("estimate", "estimate"),
        formats.interval(),
        formats.count("n_events", "events"),
        formats.count("n_participants", "participants"),
    ]
    text = (
        "Events follow each other faster than slow responses end. Averages hold what neighboring "
        "events leave; deconvolution estimates all responses of the continuous signal at once. "
        "Isolated events are those without another one nearby; they are few."
    )
    if is_known:
        columns[4:4] = [
            formats.number("truth", "truth"),
            formats.number("bias_expected", "overlap adds"),
        ]
        columns.append(Column("covered", _covered))
        text += (
            " “Truth” is the response without overlap; “overlap adds” is the bias that overlap "
            "gives an average of infinitely many events."
        )
    vif = results.table("collinearity")
    worst = vif.groupby(
        ["measure", "event_type", "term"], as_index=False, sort=False, observed=True
    ).agg({"vif": "max", "overlapped": "mean", "condition_number": "max"})
    shown = [
        formats.written("measure", "response", response_name),
        formats.text("event_type", "events"),
        formats.text("term", "term"),
        formats.number("vif", "largest VIF"),
        formats.percent("overlapped", "overlapped (%)"),
        formats.number("condition_number", "largest condition number"),
    ]
    return (
        paragraph(text)
        + results.figure("figS_overlap")
        + table_html(table, columns, caption="Responses with and without overlap")
        + details(
            "Collinearity of the designs",
            table_html(worst, shown, caption="Collinearity, over participants"),
        )
    )


def muscles(results: Results) -> str:
    """What muscles leave in the EEG, and whether effects depend on it."""
    table = results.table("sensitivity")
    columns = [
        formats.written("response", "response", response_name),
        formats.text("analysis", "analysis"),
        formats.number("estimate", results.difference),
        formats.interval(),
        formats.number("statistic", "t"),
        formats.p_value(),
        formats.count("n_events", "events"),
        formats.text("verdict", "against the primary analysis"),
    ]
    removal = [
        formats.text("roi", "region"),
        *(formats.percent(level, f"{level}, median (%)") for level in results.levels),
        formats.number("estimate", "difference of log(1 \N{MINUS SIGN} share)"),
        formats.interval(),
        formats.p_value(),
    ]
    balance = [
        formats.text("analysis", "analysis"),
        formats.number("difference_sd", "difference of muscle power (SD)"),
        formats.count("n_events", "events"),
    ]
    text = (
        "The face moves at every event, and its muscles are picked up at the scalp. Each contrast "
        "is shown under analyses that muscles affect to different degrees; the unit of "
        "the surface Laplacian is "
        "µV/m² (power: its square), that of the muscle band dB. Beta and gamma power and the "
        "frontal-polar and temporal regions must not be trusted even where all rows agree: "
        "cleaning does not take all of the muscles there."
    )
    return (
        paragraph(text)
        + results.figure("figS_muscles")
        + table_html(table, columns, caption="One contrast under several analyses")
        + details(
            "Variance that cleaning removed around events",
            table_html(results.table("muscle_removal"), removal, caption="Variance removed"),
        )
        + details(
            "Balance of muscle power",
            table_html(results.table("muscle_balance"), balance, caption=results.difference),
        )
    )


def jitter(results: Results) -> str:
    """What errors of the coded onsets do."""
    table = results.table("onset_jitter_summary")
    if table.empty:
        return paragraph("No event whose onset is known well enough.")
    sd, n = float(table["sd_ms"].iloc[0]), int(table["n_events"].iloc[0])
    text = (
        f"Coded onsets carry error. Each of the {n} onsets was shifted repeatedly by a further "
        f"error of the same size (SD {sd:.0f} ms, of coders and clocks); the loss shows what the "
        "first error cost. Phase measures suffer most: Gaussian shifts "
        "shrink pairwise phase consistency by exp(\N{MINUS SIGN}(2\N{GREEK SMALL LETTER PI} f "
        "SD)²) (“expected”). Ratios are given where the measure as coded is twice the draws' SD."
    )
    columns = [
        formats.written("measure", "measure", response_name),
        formats.text("condition", results.condition),
        formats.unit(),
        formats.number("as_coded", "as coded"),
        formats.number("mean", "mean of draws"),
        Column("95 % of draws", lambda row: interval_text(row["low"], row["high"]), is_number=True),
        Column("ratio", _ratio, is_number=True),
        formats.number("expected_ratio", "expected", digits=2),
    ]
    return (
        paragraph(text)
        + results.figure("figS_jitter")
        + table_html(table, columns, caption="Measures with shifted onsets")
    )


def _ratio(row: dict) -> str:
    """Ratio to the measure as coded, where that is not noise."""
    is_clear = abs(row["as_coded"]) > 2 * row["sd"]
    return f"{row['ratio']:.2f}" if is_clear else "–"


def _covered(row: dict) -> str:
    """Whether the interval covers a known truth."""
    return {1.0: "yes", 0.0: "NO"}.get(row["covered"], "–")
