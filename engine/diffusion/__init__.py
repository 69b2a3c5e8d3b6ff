"""Diffusion in numpy: schedules, samplers, guidance, each mirroring the equation it cites."""
