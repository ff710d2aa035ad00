"""Picking apart from scoring: how a batch is made, from a shortlist or from the whole pool.

Never a matrix of all pairs. What looks at the whole pool holds one number per candidate and goes
through it a few times, piece by piece; what looks at a shortlist or a sample has those rows in
memory.
"""
