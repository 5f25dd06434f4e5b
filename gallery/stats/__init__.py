"""What is counted: how often pages are opened, works appreciated and projects' links followed; and who reads it."""
