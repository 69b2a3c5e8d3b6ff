"""Controls that paint themselves; none knows a view-model."""
