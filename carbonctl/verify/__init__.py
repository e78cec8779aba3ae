"""Forecasts of measured cases, by the road that estimates take, and how well they do."""
