"""Machines: published footprints, bills of materials, racks and datacenters."""
