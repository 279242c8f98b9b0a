"""Marking: a student's numbers held against the trace."""
