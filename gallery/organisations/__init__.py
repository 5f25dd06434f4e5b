"""Partner organisations, their members and their projects."""
