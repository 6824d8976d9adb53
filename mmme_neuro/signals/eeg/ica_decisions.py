"""What a person decided about a recording; it overrules what cleaning finds by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CleaningDecisions:
    """Decisions of a person about one recording, each with a reason.

    Attributes
    ----------
    bad_channels, good_channels : mapping of str to str
        Channel -> reason: to be interpolated whatever its data, or kept whatever its data.
    remove_components, keep_components : mapping of int to str
        Number of the independent component -> reason: to be taken out, or kept.
    """

    bad_channels: Mapping[str, str] = field(default_factory=dict)
    good_channels: Mapping[str, str] = field(default_factory=dict)
    remove_components: Mapping[int, str] = field(default_factory=dict)
    keep_components: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, one, other in (
            ("channel", self.bad_channels, self.good_channels),
            ("component", self.remove_components, self.keep_components),
        ):
            both = sorted(str(key) for key in set(one) & set(other))
            if both:
                raise ValueError(f"{what}s {both} are decided both ways; leave one decision each.")


NO_DECISIONS = CleaningDecisions()
"""Nobody has looked: cleaning decides alone."""
