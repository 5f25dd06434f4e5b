"""Cases: one need of a project, with a goal, what was raised for it, and who says so."""
