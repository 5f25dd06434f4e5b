"""Withdrawals: ending a consent, and what every package then forgets."""
