"""What is known of a genome without a model of one's own: pharmacogenes and polygenic scores."""
