"""Names of the phases of a life, as sections of a scenario and parts of a result."""

PHASES = ("data", "experiments", "train", "infer")  # in the order of estimates
