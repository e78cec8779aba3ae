"""Training runs: evidence, work, power, and what they keep in memory."""
