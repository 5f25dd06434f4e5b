"""What `gallery check` finds."""

from __future__ import annotations

from dataclasses import dataclass

MEND_ADVICE = "gallery check --mend"


REMOVE_ADVICE = "Look at it and remove it at the desk"


@dataclass(frozen=True)
class InspectionFinding:
    """Something that is wrong. The fields after `advice` say how `mend` can repair it, if at all.

    A notice is not an error; it only informs the keeper.
    """

    sentence: str
    where: str
    advice: str
    private: tuple[str, ...] = ()  # keys to delete in private storage
    public: tuple[str, ...] = ()  # keys to delete in public storage
    republish: int | None = None  # the id of an image that the worker has to publish again
    redevelop: int | None = None  # the id of an image whose renditions the worker has to make again
    redevelop_sound: int | None = None  # the id of a sound whose files the worker has to make again
    withdrawal: int | None = None  # the id of a withdrawal to finish
    unchained: bool = False  # whether entries of the audit log are not in the chain yet
    membership: int | None = None  # the id of a membership to suspend until an owner confirms it
    is_notice: bool = False
    is_mended: bool = False

    def as_json(self) -> dict[str, str | bool]:
        return {
            "sentence": self.sentence,
            "where": self.where,
            "advice": self.advice,
            "is_notice": self.is_notice,
            "is_mended": self.is_mended,
        }
