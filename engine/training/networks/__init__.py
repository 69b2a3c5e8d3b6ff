"""The 1-D Efficient U-Net of every diffusion stage (extra "train")."""
