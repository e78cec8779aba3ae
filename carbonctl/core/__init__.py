"""Ground floor: units, facts, formula cards, the YAML reader, errors. Imports nothing of ours."""
