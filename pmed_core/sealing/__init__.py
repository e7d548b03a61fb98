"""Encryption of what lies in a home: files, their names, and the rows of its database.

A home that holds ``data.key`` is sealed: everything that is written to it through ``files`` is
encrypted with the key in it, which itself is wrapped by a master key that lies elsewhere
(``PMED_KEY_FILE``). Any other folder is written and read as it is.
"""
