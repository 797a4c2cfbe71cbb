"""Latent diffusion networks as feature extractors: only the wanted half, from diffusers' layout."""
