"""Everything that runs in a worker: the captioning pipeline, its training, and the flow from job to caption."""
