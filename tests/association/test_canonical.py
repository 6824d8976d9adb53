import numpy as np
import pytest
from scipy import stats
from sklearn.cross_decomposition import CCA, PLSSVD

from mmme_neuro import cross_modal
from mmme_neuro.association import Resampling
from mmme_neuro.association.folds import deal, make_folds, prepare
from mmme_neuro.stats.groups import centered
from tests.calibration.cross_modal import simulated_events

X, Y = ["x0", "x1", "x2", "x3"], ["y0", "y1", "y2"]
FEW = Resampling(rng=1, n_permutations=99)


def mixed_events(seed, **options):
    """Features that are mixtures, so that weights and loadings differ."""
    rng = np.random.default_rng(seed)
    data = simulated_events(rng, between=-0.9, n_x=4, n_y=3, **options)
    data[X] = data[X].to_numpy() @ (np.eye(4) + 0.4 * rng.standard_normal((4, 4)))
    data[Y] = data[Y].to_numpy() @ (np.eye(3) + 0.4 * rng.standard_normal((3, 3)))
    return data


def within(data, names):
    values = data[names] - data.groupby("participant")[names].transform("mean")
    return (values / values.std()).to_numpy()


def test_equals_scikit_learn_cca():
    data = mixed_events(1, r=0.6)
    x, y = within(data, X), within(data, Y)
    found = cross_modal(data, X, Y, n_components=3, resampling=FEW)
    reference = CCA(n_components=3, max_iter=5000, tol=1e-12).fit(x, y)
    scores = reference.transform(x, y)
    r = [stats.pearsonr(a, b).statistic for a, b in zip(scores[0].T, scores[1].T, strict=True)]
    np.testing.assert_allclose(found.components["r"], r, atol=1e-6)
    loadings = found.loadings.query("modality == 'x'").pivot(
        index="feature", columns="component", values="loading"
    )
    for k in range(3):
        expected = np.array([stats.pearsonr(x[:, i], scores[0][:, k]).statistic for i in range(4)])
        sign = np.sign(expected @ loadings[k + 1])
        np.testing.assert_allclose(loadings[k + 1], sign * expected, atol=1e-5)


def test_equals_scikit_learn_pls():
    data = mixed_events(2, r=0.6)
    x, y = within(data, X), within(data, Y)
    found = cross_modal(data, X, Y, method="pls", n_components=2, resampling=FEW)
    scores = PLSSVD(n_components=2).fit_transform(x, y)
    r = [stats.pearsonr(a, b).statistic for a, b in zip(scores[0].T, scores[1].T, strict=True)]
    np.testing.assert_allclose(found.components["r"], np.abs(r), atol=1e-10)


def test_cross_validation_equals_a_plain_loop():
    data = mixed_events(3, r=0.5, n_participants=6, n_stimuli=4, n_events=4)
    rng = np.random.default_rng(1)
    people, stimuli = data["participant"].to_numpy(), data["stimulus"].to_numpy()
    of_people, of_stimuli = deal(people, 3, rng), deal(stimuli, 2, rng)
    x, y = data[X].to_numpy(), data[Y].to_numpy()
    moved = np.arange(len(data)).reshape(-1, 4)[:, [2, 0, 3, 1]].ravel()  # within stimuli
    for order in (np.arange(len(data)), moved):
        xy = xx = yy = 0.0
        for i in range(3):
            for j in range(2):
                train = (of_people != i) & (of_stimuli != j)
                test = (of_people == i) & (of_stimuli == j)
                own = np.unique(people[train], return_inverse=True)[1]
                a, b = centered(x[train], own), centered(y[order][train], own)
                fit = CCA(n_components=1, scale=False, max_iter=5000, tol=1e-13).fit(a, b)
                u, v = a @ fit.x_rotations_[:, 0], b @ fit.y_rotations_[:, 0]
                # Participants left out are centered on all their own rows.
                u_new = (centered(x, people) @ fit.x_rotations_[:, 0])[test] / u.std()
                v_new = (centered(y[order], people) @ fit.y_rotations_[:, 0])[test] / v.std()
                xy, xx, yy = xy + u_new @ v_new, xx + u_new @ u_new, yy + v_new @ v_new
        folds = make_folds(x, y, people, of_people, of_stimuli)
        ready = prepare(folds, centered(x, people), centered(y, people), method="cca", dof=90)
        assert ready.scores(x, y[order])[0] == pytest.approx(xy / np.sqrt(xx * yy), abs=1e-5)


def test_recovers_the_pair_in_new_participants_and_stimuli():
    data = mixed_events(4, r=0.5, n_participants=20)
    found = cross_modal(data, X, Y, n_components=2, resampling=FEW)
    first, second = found.components.to_dict("records")
    assert first["r_cv"] == pytest.approx(0.5, abs=0.1)
    assert first["p_value"] == 0.01
    assert second["p_value"] > 0.05
    assert abs(second["r_cv"]) < 0.15
    assert found.null.shape == (99, 2)
    assert (found.n_events, found.n_participants, found.n_stimuli) == (720, 20, 6)
    assert "cross-validated 0." in repr(found)


def test_cross_validation_is_not_fooled_by_many_features():
    data = simulated_events(np.random.default_rng(6), n_participants=6, n_x=12, n_y=12)
    names = [f"x{i}" for i in range(12)], [f"y{i}" for i in range(12)]
    found = cross_modal(data, *names, resampling=FEW).components.iloc[0]
    assert found["r"] > 0.4
    assert abs(found["r_cv"]) < 0.2
    assert found["p_value"] > 0.05


@pytest.mark.parametrize("scheme", ["permutation", "circular_shift"])
def test_level(scheme):
    rng, p = np.random.default_rng(11), []
    for _ in range(40):
        data = simulated_events(rng, between=-0.9, n_participants=6, n_stimuli=4, n_x=4, n_y=3)
        how = Resampling(rng=rng, n_permutations=59, scheme=scheme)
        found = cross_modal(data, X, Y, n_folds=(3, 2), resampling=how)
        p.append(found.components["p_value"][0])
    assert sum(np.array(p) <= 0.05) <= stats.binom.ppf(0.9995, 40, 0.05)
    assert max(p) > 0.5


def test_strata_take_out_what_a_condition_does():
    data = simulated_events(np.random.default_rng(6), n_x=2, n_y=2)
    data["kind"] = np.random.default_rng(7).choice(["macro", "micro"], len(data))
    data[["x0", "y0"]] += 2.0 * (data[["kind"]] == "micro").to_numpy()
    names = ["x0", "x1"], ["y0", "y1"]
    confounded = cross_modal(data, *names, resampling=FEW).components.iloc[0]
    freed = cross_modal(data, *names, strata=["kind"], resampling=FEW).components.iloc[0]
    assert confounded["p_value"] == 0.01
    assert freed["p_value"] > 0.05
    assert abs(freed["r_cv"]) < 0.15 < confounded["r_cv"]


def test_stimuli_may_be_absent():
    data = mixed_events(8, r=0.5).drop(columns="stimulus")
    found = cross_modal(data, X, Y, stimulus=None, resampling=FEW)
    assert found.n_stimuli == 0
    assert found.components["p_value"][0] == 0.01


def test_missing_rows_are_counted_out():
    data = mixed_events(9)
    data.loc[[3, 7], "y1"] = np.nan
    table = cross_modal(data, X, Y, resampling=FEW).table()
    assert table["n_left_out"].tolist() == [2]
    assert table["n_events"].tolist() == [len(data) - 2]


def test_errors():
    data = mixed_events(10)
    with pytest.raises(ValueError, match="method='ica': must be one of"):
        cross_modal(data, X, Y, method="ica", resampling=FEW)
    with pytest.raises(ValueError, match="no feature may stand there twice"):
        cross_modal(data, X, ["x0"], resampling=FEW)
    with pytest.raises(ValueError, match="n_components=4: must lie between 1 and 3"):
        cross_modal(data, X, Y, n_components=4, resampling=FEW)
    with pytest.raises(ValueError, match="7 folds of stimulus, of which there are 6"):
        cross_modal(data, X, Y, n_folds=(5, 7), resampling=FEW)
    with pytest.raises(ValueError, match="some are combinations of others"):
        twice = data.assign(x3=data["x0"] + data["x1"])
        cross_modal(twice, X, Y, resampling=FEW)
    with pytest.raises(ValueError, match="n_permutations must be positive"):
        cross_modal(data, X, Y, resampling=Resampling(rng=1, n_permutations=0))
    alone = data.groupby(["participant", "stimulus"]).head(1)
    with pytest.raises(ValueError, match="every block holds a single event"):
        cross_modal(alone, X, Y, resampling=FEW)
