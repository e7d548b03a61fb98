"""Variants of a genome: the alleles that each patient carries."""
