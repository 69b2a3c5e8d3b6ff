"""The one exception a musician may ever see, apart from every other, which is a bug.

Rejected: a tree of exception classes per subsystem. Callers never branch on the kind of trouble;
they show it, and what a person needs is always the same three things.
"""


class UserError(Exception):
    """Something the environment or the input did, said in three parts.

    Attributes:
        what: what did not happen, in the user's words ("The clip was not written").
        why: the cause, with the offending value ("/clips is read-only").
        remedy: what to do about it ("Choose another folder with --out").
    """

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(what, why, remedy)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}: {self.why}. {self.remedy}."
