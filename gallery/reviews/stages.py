"""Two reviews by different people: who may still decide on a submission, and what follows from what was decided.

The second curator decides without knowing what the first did. If both say the same, that is the decision. If not, both are
shown to everybody: a third curator decides, or one of the two joins the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from gallery.artworks.models import Stage
from gallery.reviews.models import Decision, Opinion

DecisionByCurator = Mapping[int, Decision]  # by the id of a person, in the order in which they first spoke


class DecisionEffect(StrEnum):
    """What a further decision by somebody comes to."""

    KEPT = "kept"  # it waits for somebody else's
    DECIDED = "decided"
    SPOKEN = "spoken"  # they have decided already, and another has not yet
    THIRD_NEEDED = "third needed"  # they are one of two who disagree, and do not join the other


def latest_decisions(opinions: Iterable[Opinion]) -> dict[int, Decision]:
    """What each curator said last; `opinions` in the order of time."""
    voices: dict[int, Decision] = {}
    for opinion in opinions:
        voices[opinion.by_id] = opinion.decision
    return voices


def stage_of(voices: DecisionByCurator) -> Stage:
    """Where a submission stands that is not decided yet."""
    if not voices:
        return Stage.FIRST
    return Stage.SECOND if len(voices) == 1 else Stage.DISPUTED


def effect_of_decision(voices: DecisionByCurator, by: int, decision: Decision, needed: int) -> DecisionEffect:
    """What follows when `by` decides, where `needed` (1 or 2) reviews are asked for."""
    if needed < 2:
        return DecisionEffect.DECIDED
    others = [said for person, said in voices.items() if person != by]
    if not others:
        return DecisionEffect.SPOKEN if by in voices else DecisionEffect.KEPT
    if len(others) == 1 and by not in voices:
        return DecisionEffect.DECIDED if decision == others[0] else DecisionEffect.KEPT
    if by in voices and decision not in others:
        return DecisionEffect.THIRD_NEEDED
    return DecisionEffect.DECIDED


def combined_reasons(
    opinions: Sequence[Opinion], decision: Decision, reason: str, notes: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """What the organisation reads: the reasons and notes of all who decided the same, each text once."""
    voices = latest_decisions(opinions)
    agreeing = {each.by_id: each for each in opinions if voices[each.by_id] == decision == each.decision}
    reasons = [each.reason for each in agreeing.values()] + [reason]
    together: dict[str, list[str]] = {}
    for noted in [*(each.notes for each in agreeing.values()), notes]:
        for field, note in noted.items():
            together.setdefault(field, []).append(note)
    return _join_unique(reasons), {field: _join_unique(texts) for field, texts in together.items()}


def _join_unique(texts: Sequence[str]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))
