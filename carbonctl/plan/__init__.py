"""Plans: the choice of an operating point and the feasibility of training, on arrays."""
