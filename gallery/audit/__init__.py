"""The audit log: who did what to which thing and when, as a hash chain that shows later changes."""
