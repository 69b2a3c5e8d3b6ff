"""Prompts typed before, newest last, walked with up and down like a shell's."""

from collections.abc import Iterable
from typing import Final

LIMIT: Final = 200


class PromptHistory:
    """What was typed last is kept while one walks back, and comes back at the end."""

    def __init__(self, prompts: Iterable[str] = ()) -> None:
        self._prompts = list(prompts)[-LIMIT:]
        self._at = len(self._prompts)
        self._draft = ""

    @property
    def prompts(self) -> tuple[str, ...]:
        """All of them, newest last."""
        return tuple(self._prompts)

    def add(self, prompt: str) -> None:
        """Remember a prompt as the newest; an older copy of it goes."""
        if prompt := prompt.strip():
            kept = [old for old in self._prompts if old != prompt]
            self._prompts = [*kept, prompt][-LIMIT:]
        self._at = len(self._prompts)

    def older(self, typed: str) -> str | None:
        """The one before, None at the oldest; `typed` is what the field shows now."""
        if self._at == 0:
            return None
        if self._at == len(self._prompts):
            self._draft = typed
        self._at -= 1
        return self._prompts[self._at]

    def newer(self) -> str | None:
        """The one after, at last what was being typed; None when already there."""
        if self._at >= len(self._prompts):
            return None
        self._at += 1
        return self._draft if self._at == len(self._prompts) else self._prompts[self._at]
