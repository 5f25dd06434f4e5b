"""The migrations, each with its operations; see decision 21."""

# The oldest migration whose release works with the database of today, so that an upgrade can be taken back without a
# backup. Raise it with a migration that changes what was there, in a later release than the one that stopped using it.
WORKS_FROM = "0060_texts_of_exhibitions"
