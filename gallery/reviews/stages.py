"""Two reviews by different curators: who may decide on a submission, and what a decision leads to.

The second curator decides without knowing what the first decided. If both agree, that is the decision. If
not, both opinions become visible. Then a third curator decides, or one of the two adopts the other decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from gallery.artworks.models import Stage
from gallery.reviews.models import Decision, Opinion

DecisionByCurator = Mapping[
    int, Decision
]  # person id → their latest decision, in the order of their first opinions


class DecisionEffect(StrEnum):
    """What one more decision leads to."""

    WAITS_FOR_ANOTHER = "waits for another"  # saved as an opinion; another curator must decide as well
    DECIDED = "decided"
    ALREADY_SPOKEN = "already spoken"  # refused: the curator has decided already; another must decide next
    THIRD_NEEDED = "third needed"  # refused: two curators disagree, and this decision is not the other's


def latest_decisions(opinions: Iterable[Opinion]) -> dict[int, Decision]:
    """Person id → their latest decision. `opinions`: the oldest first."""
    decisions: dict[int, Decision] = {}
    for opinion in opinions:
        decisions[opinion.by_id] = opinion.decision
    return decisions


def stage_of(decisions: DecisionByCurator) -> Stage:
    """The stage of a submission that is not decided yet."""
    if not decisions:
        return Stage.FIRST
    return Stage.SECOND if len(decisions) == 1 else Stage.DISPUTED


def effect_of_decision(
    decisions: DecisionByCurator, by: int, decision: Decision, needed: int
) -> DecisionEffect:
    """The effect of a decision by the person `by`, if the site asks for `needed` (1 or 2) reviews."""
    if needed < 2:
        return DecisionEffect.DECIDED
    others = [other for person, other in decisions.items() if person != by]
    if not others:
        return DecisionEffect.ALREADY_SPOKEN if by in decisions else DecisionEffect.WAITS_FOR_ANOTHER
    if len(others) == 1 and by not in decisions:
        return DecisionEffect.DECIDED if decision == others[0] else DecisionEffect.WAITS_FOR_ANOTHER
    if by in decisions and decision not in others:
        return DecisionEffect.THIRD_NEEDED
    return DecisionEffect.DECIDED


def combined_reasons(
    opinions: Sequence[Opinion], decision: Decision, reason: str, notes: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """The (reason, notes) for the organisation, joined from all curators who agree, each text once."""
    decisions = latest_decisions(opinions)
    agreeing = {each.by_id: each for each in opinions if decisions[each.by_id] == decision == each.decision}
    reasons = [each.reason for each in agreeing.values()] + [reason]
    combined: dict[str, list[str]] = {}
    for given in [*(each.notes for each in agreeing.values()), notes]:
        for field, note in given.items():
            combined.setdefault(field, []).append(note)
    return _join_unique(reasons), {field: _join_unique(texts) for field, texts in combined.items()}


def _join_unique(texts: Sequence[str]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))
