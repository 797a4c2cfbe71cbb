"""Training of capsite's own small latent diffusion model, whose U-Net then sees for captions."""
