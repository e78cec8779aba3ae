"""Reports: conversion of results into plain data, and renderers of all formats."""
