"""Scenarios: read with positions, checked by a schema, resolved into inputs full of facts."""
