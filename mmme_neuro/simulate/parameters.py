"""Every number that goes into a simulated study."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from typing import Any, TypeVar, get_type_hints

from mmme_neuro.simulate.files.sheet_file import CodingParameters


@dataclass(frozen=True)
class Effect:
    """Size of one event-locked response and how it varies.

    An event's amplitude is ``macro + micro_minus_macro * is_micro`` plus intercepts and slopes
    of its participant and stimulus plus its own deviation; all in the unit of the response.
    """

    macro: float
    micro_minus_macro: float
    participant_sd: float = 0.0
    participant_slope_sd: float = 0.0
    stimulus_sd: float = 0.0
    stimulus_slope_sd: float = 0.0
    event_sd: float = 0.0

    def without_difference(self) -> "Effect":
        """Return the null of ME against MaE: no mean difference, random slopes kept."""
        return replace(self, micro_minus_macro=0.0)

    def silent(self) -> "Effect":
        """Return an effect of zero size everywhere."""
        return Effect(macro=0.0, micro_minus_macro=0.0)


@dataclass(frozen=True)
class EventParameters:
    """How often, when and how faces move (counts and gaps like the public sheet's)."""

    gap_median_s: float = 6.9
    gap_log_sd: float = 1.28
    shortest_gap_s: float = 0.3
    rate_log_sd: float = 0.35
    micro_share: float = 0.36
    micro_share_sd: float = 0.08
    micro_duration_mean_s: float = 0.3817
    micro_duration_sd_s: float = 0.1005
    macro_duration_median_s: float = 0.9
    macro_duration_log_sd: float = 0.6
    rise_share: float = 0.45
    longest_rate: float = 3.0


@dataclass(frozen=True)
class ClockParameters:
    """Offsets and drifts of the devices against the EEG clock, and what triggers suffer."""

    physio_offset_s: tuple[float, float] = (-180.0, -20.0)
    physio_drift_sd_ppm: float = 60.0
    camera_drift_sd_ppm: float = 30.0
    trigger_jitter_sd_s: float = 0.0015
    lost_code_share: float = 0.03
    spurious_code_share: float = 0.06
    glitch_share: float = 0.2
    inverted_line_share: float = 0.2
    pulse_s: float = 0.1
    clip_delay_sd_s: float = 0.02
    clip_rate_sd: float = 0.001


@dataclass(frozen=True)
class EegParameters:
    """Brain signals, microvolt at the named region after average reference."""

    background_uv: float = 6.0
    background_exponent: float = 1.2
    n_background_sources: int = 60
    sensor_noise_uv: float = 0.8
    line_uv: float = 3.0
    blink_uv: float = 110.0
    blinks_per_minute: float = 12.0
    alpha_uv: float = 4.0
    alpha_log_sd: float = 0.2
    beta_uv: float = 1.6
    theta_uv: float = 2.0
    pair_uv: float = 2.5
    pair_lag_s: float = 0.015
    pair_coherence: float = 0.75
    bad_channel_share: float = 0.04
    drift_uv: float = 15.0
    premotor: Effect = field(
        default_factory=lambda: Effect(-3.0, -4.0, 1.5, 1.0, 0.7, 0.5, event_sd=1.0)
    )
    late_positivity: Effect = field(
        default_factory=lambda: Effect(4.0, 5.5, 1.5, 1.0, 0.7, 0.5, event_sd=5.0)
    )
    theta_increase: Effect = field(default_factory=lambda: Effect(1.0, 0.8, 0.2, 0.1, 0.0, 0.0))
    alpha_decrease: Effect = field(default_factory=lambda: Effect(0.12, 0.5, 0.04, 0.03, 0.0, 0.0))
    beta_decrease: Effect = field(default_factory=lambda: Effect(0.5, -0.2, 0.05, 0.05, 0.0, 0.0))


@dataclass(frozen=True)
class MuscleParameters:
    """Facial muscle activity and what of it reaches the scalp (microvolt next to the muscle)."""

    macro_uv: float = 24.0
    micro_uv: float = 9.0
    event_log_sd: float = 0.4
    lowest_hz: float = 8.0
    movement_uv: float = 45.0
    movement_scatter: float = 0.15
    near_mm: float = 32.0
    far_mm: float = 90.0
    far_share: float = 0.12
    resting_uv: float = 0.6


@dataclass(frozen=True)
class PhysioParameters:
    """Autonomic signals in the field's units; responses at their peak."""

    heart_rate_bpm: float = 72.0
    heart_rate_sd_bpm: float = 7.0
    sinus_arrhythmia_bpm: float = 2.0
    slow_heart_rate_bpm: float = 1.5
    breaths_per_minute: float = 15.0
    tonic_eda_us: float = 6.0
    spontaneous_scr_per_minute: float = 2.0
    spontaneous_scr_us: float = 0.15
    eda_noise_us: float = 0.004
    temperature_celsius: float = 32.3
    heart_rate: Effect = field(
        default_factory=lambda: Effect(-1.5, -3.0, 0.6, 0.5, 0.3, 0.2, event_sd=0.8)
    )
    scr: Effect = field(
        default_factory=lambda: Effect(0.18, 0.22, 0.05, 0.05, 0.02, 0.02, event_sd=0.2)
    )
    pulse_amplitude: Effect = field(
        default_factory=lambda: Effect(-0.08, -0.1, 0.02, 0.02, 0.0, 0.0, event_sd=0.03)
    )
    breathing_depth: Effect = field(
        default_factory=lambda: Effect(0.1, 0.1, 0.03, 0.02, 0.0, 0.0, event_sd=0.03)
    )
    temperature: Effect = field(
        default_factory=lambda: Effect(-0.02, -0.02, 0.005, 0.0, 0.0, 0.0, event_sd=0.005)
    )


@dataclass(frozen=True)
class RatingParameters:
    """Self-reports on a 1-9 scale: ICC(A,1) of valence and arousal is ``true_icc``.

    An emotion's rating is ``emotion_gain`` higher after videos that are meant to arouse it. What
    one participant feels after one video also raises all negative emotions together (variance
    ``negative_variance``), so that their sum has the alpha ``true_alpha`` within videos.
    """

    stimulus_variance: float = 1.8
    participant_variance: float = 0.5
    residual_variance: float = 1.2
    emotion_gain: float = 3.0
    negative_variance: float = 1.0
    emotion_residual_variance: float = 1.5

    @property
    def true_icc(self) -> float:
        """Absolute-agreement single-rater ICC implied by the variances."""
        total = self.stimulus_variance + self.participant_variance + self.residual_variance
        return self.stimulus_variance / total

    def true_alpha(self, n_items: int) -> float:
        """Cronbach's alpha of so many negative emotions, videos and participants held constant."""
        common = n_items * self.negative_variance
        return common / (common + self.emotion_residual_variance)


@dataclass(frozen=True)
class StudyParameters:
    """All parameters of a simulated study (written to ``truth.json``)."""

    video_s: tuple[float, float] = (42.7, 59.1)
    gap_s: tuple[float, float] = (23.4, 60.3)
    lead_s: float = 8.0
    eeg_sfreq: float = 1000.0
    physio_sfreq: float = 1000.0
    channels: tuple[str, ...] | None = None
    latency_sd: float = 0.15
    unusual_shapes: bool = False
    brain_body_correlation: float = 0.85
    events: EventParameters = field(default_factory=EventParameters)
    clocks: ClockParameters = field(default_factory=ClockParameters)
    eeg: EegParameters = field(default_factory=EegParameters)
    muscles: MuscleParameters = field(default_factory=MuscleParameters)
    physio: PhysioParameters = field(default_factory=PhysioParameters)
    ratings: RatingParameters = field(default_factory=RatingParameters)
    coding: CodingParameters = field(
        default_factory=lambda: CodingParameters(
            onset_sd=0.05, unit_detection=0.85, unit_error=0.08
        )
    )

    def to_dict(self) -> dict:
        """Return all parameters as nested plain types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "StudyParameters":
        """Build parameters from what `to_dict` returned, as read from a JSON file."""
        return _built(cls, values)

    def under_null(self) -> "StudyParameters":
        """Return the same study without a mean difference of ME and MaE in brain and body."""
        return self._with_effects(Effect.without_difference)

    def muscles_only(self) -> "StudyParameters":
        """Return the same study without any event-locked response of brain and body."""
        return self._with_effects(Effect.silent)

    def outside_canonical_shapes(self) -> "StudyParameters":
        """Return the same study with responses that no published response function resembles."""
        return replace(self, unusual_shapes=True)

    def _with_effects(self, change: Callable[[Effect], Effect]) -> "StudyParameters":
        return replace(
            self,
            eeg=_with_changed_effects(self.eeg, change),
            physio=_with_changed_effects(self.physio, change),
        )


def _built(kind: Any, value: Any) -> Any:
    """A dataclass (of dataclasses) from plain types; lists become tuples."""
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _built(hints[name], inner) for name, inner in value.items()})
    return tuple(_built(None, inner) for inner in value) if isinstance(value, list) else value


Part = TypeVar("Part", EegParameters, PhysioParameters)


def _with_changed_effects(part: Part, change: Callable[[Effect], Effect]) -> Part:
    """Copy of a part with each of its effects changed."""
    effects: dict[str, Any] = {
        name: change(value) for name, value in vars(part).items() if isinstance(value, Effect)
    }
    return replace(part, **effects)


DEMO_CHANNELS = tuple(
    "FP1 FPZ FP2 AF3 AF4 F7 F3 FZ F4 F8 FT7 FC3 FC1 FCZ FC2 FC4 FT8 T7 C3 CZ C4 T8 "
    "TP7 CP3 CPZ CP4 TP8 P7 P3 P1 PZ P2 P4 P8 PO3 POZ PO4 CB1 O1 OZ O2 CB2".split()
)
"""A subset of the Quik-Cap that covers every region of interest."""

DEMO = StudyParameters(
    gap_s=(8.0, 14.0), eeg_sfreq=250.0, physio_sfreq=500.0, channels=DEMO_CHANNELS
)
"""The demo: the same study with shorter pauses, lower rates and 42 of the 64 electrodes."""
