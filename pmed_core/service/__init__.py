"""What a user may do, one function a verb: ``cohorts``, ``training``, ``models``, ``patients``."""
