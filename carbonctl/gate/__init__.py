"""What a gate judges and how: policies, rules, measures, verdicts; plain results in."""
