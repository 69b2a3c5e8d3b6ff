"""What a person sees: widgets that connect, paint and call the view-models; no decisions."""
