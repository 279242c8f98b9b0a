"""Kernels in Numba, a file for each family, named as the ops. Imported only when one has to be compiled."""
