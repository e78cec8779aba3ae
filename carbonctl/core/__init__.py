"""Units, facts, formula cards, readers of YAML and JSON, errors. Imports no other package here."""
