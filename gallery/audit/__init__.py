"""The audit log: who did what to which thing when, in one chain that shows where somebody changed it afterwards."""
