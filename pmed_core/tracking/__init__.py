"""What a hospital's MLflow server is told of a training."""
