"""Models of other formats as problems, and problems as models."""
