"""Training: from one kind of evidence to device-hours and energy."""
