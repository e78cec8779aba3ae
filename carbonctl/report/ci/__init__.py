"""Annotations and test reports for continuous integration."""
