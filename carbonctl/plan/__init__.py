"""What a run or a service chooses: facts in, choices out, on arrays."""
