"""Withdrawals: ending a consent, and erasing what each package stored about its works."""
