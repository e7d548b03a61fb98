"""What lasts: cohorts, models and jobs, in a database and a folder."""
