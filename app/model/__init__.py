"""View-models: observable, without widgets. Widgets connect, paint and call; nothing else.

`app.model.models.Models` holds one of each; `app.model.session` makes it for the main window.
"""
