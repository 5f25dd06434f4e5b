"""What visitors open: home, exhibitions, works, themes, organisations, projects, artists."""
