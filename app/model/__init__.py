"""View-models: observable, without widgets. Widgets connect, paint and call; nothing else.

`app.model.models.Models` holds one of each, made by `app.entry` and given to the main window.
"""
