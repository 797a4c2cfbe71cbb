"""The captioning pipeline in pure PyTorch: bytes of a photo in, scored captions out.

Knows nothing of Django.
"""
