"""A captioner as ONNX files, for programs and browsers that have no PyTorch.

Knows nothing of Django.
"""
