"""Artists, their consents, and withdrawal."""
