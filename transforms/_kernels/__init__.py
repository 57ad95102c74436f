"""Compiled loops, one file per family; called by everything above them.

Every family offers the same three forms of its formula: ``*_point`` (one point), ``*_jet`` (value and Jacobian at one
point) and
``*_apply`` (a loop over (N, 2) points; ``out`` may be the points). ``params`` is the transform's own flat, read-only
float64 array. Kernels do not raise: what has no value is NaN.
"""
