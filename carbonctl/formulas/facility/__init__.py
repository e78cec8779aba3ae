"""Electricity, water and buildings: from the board to the utility meter."""
