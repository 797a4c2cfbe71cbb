"""Everything that runs in a worker: the pipeline, its training, the flow from job to caption."""
