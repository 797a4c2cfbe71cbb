"""What a running worker needs around the captioner: versions, the feature cache, histograms."""
