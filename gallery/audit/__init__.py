"""The audit log: who did what, to which thing and when. It is a hash chain, which reveals later changes."""
