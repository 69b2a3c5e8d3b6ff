"""Parts of the main window: each connects widgets to the view-models it is given."""
