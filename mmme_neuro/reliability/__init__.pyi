from .bland_altman import LimitsOfAgreement, limits_of_agreement
from .coders.agreement import Agreement, agreement
from .coders.comparisons import AgreementTables, agreement_tables, pass_pairs
from .coders.detection import OnsetWithin, OverlapAbove, match_events
from .coders.labels import label_agreement
from .coders.weighted import gwet_ac2, weighted_fleiss_kappa
from .erp import ErpReliability, component_reliability, erp_reliability, reliability_over_time
from .generalizability import GStudy, generalizability
from .intraclass import RaterReliability, icc, rater_reliability
from .retest import Retest, retest_reliability
from .scales.alpha import alpha_if_dropped, cronbach_alpha
from .scales.dominance import EmotionDominance, emotion_dominance, means_by_emotion
from .scales.multilevel import multilevel_alpha
from .scales.omega import mcdonald_omega, omega_loadings
from .scales.self_reports import icc_by_item, scale_reliability

__all__ = [
    "Agreement",
    "AgreementTables",
    "EmotionDominance",
    "ErpReliability",
    "GStudy",
    "LimitsOfAgreement",
    "OnsetWithin",
    "OverlapAbove",
    "RaterReliability",
    "Retest",
    "agreement",
    "agreement_tables",
    "alpha_if_dropped",
    "component_reliability",
    "cronbach_alpha",
    "emotion_dominance",
    "erp_reliability",
    "generalizability",
    "gwet_ac2",
    "icc",
    "icc_by_item",
    "label_agreement",
    "limits_of_agreement",
    "match_events",
    "mcdonald_omega",
    "means_by_emotion",
    "multilevel_alpha",
    "omega_loadings",
    "pass_pairs",
    "rater_reliability",
    "reliability_over_time",
    "retest_reliability",
    "scale_reliability",
    "weighted_fleiss_kappa",
]
