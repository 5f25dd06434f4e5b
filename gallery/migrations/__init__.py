"""The migrations, each with its operations; see decision 21."""

from typing import Any

from gallery.web.texts import Texts, TextsField

# The oldest migration whose release works with the database of today, so that an upgrade can be taken back without a
# backup. Raise it with a migration that changes what was there, in a later release than the one that stopped using it.
WORKS_FROM = "0060_texts_of_exhibitions"


def joined_pairs(*names: str) -> dict[str, Any]:
    """What `ReplaceColumns` makes of the pairs `<name>_zh` and `<name>_en`: one text for each of `names`."""
    languages = ("zh", "en")
    return {
        "old": [f"{name}_{language}" for name in names for language in languages],
        "new": {name: TextsField() for name in names},
        "values": lambda row: {
            name: Texts({language: row[f"{name}_{language}"] for language in languages}) for name in names
        },
    }
