"""Why capsite does not start: one sentence and an exit code."""


class Refusal(Exception):
    """Starting is impossible; the text is shown to the person as it stands."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code
