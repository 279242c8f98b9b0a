"""Trace -> Document: the worked solution, step by step."""
