"""From the cells of one column, as they stand in a file, to a typed column and what was decided.

One module a kind of decision: ``missing`` words, ``numbers`` (with ``marks`` and ``units``),
``dates``, ``codes`` and ``spellings``; ``pipeline`` asks them in a fixed order. All of them look at
the distinct cells of a column, so that long tables cost little more than short ones. Precedence,
everywhere: the user's choice, what the cells prove, how the column was written when a model was
trained, a default that is said.
"""
