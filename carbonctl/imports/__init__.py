"""Logs and tables of other tools, read by content and written as a scenario."""
