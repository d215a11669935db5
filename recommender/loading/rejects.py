"""The file that tells which rows were not taken, and why."""

from contextlib import suppress
from pathlib import Path

import polars as pl

from recommender.loading.errors import UnwritableRejectsError

SHOWN = 10


class RejectsFile:
    """A CSV of line, column, value and reason, begun with the first fault; without a path they are shown only.

    count     rows rejected so far
    examples  the first faults, as sentences
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.count = 0
        self.examples: list[str] = []

    def remove_former(self) -> None:
        """What an earlier import has rejected is not to be taken for what this one does."""
        with suppress(OSError):  # the folder is not to be written to
            # /dev/null is no file, and /dev/stderr, a link to what may be one, is not to be removed either.
            if self.path and self.path.is_file() and not self.path.is_symlink():
                self.path.unlink()

    def add(self, faults: pl.DataFrame) -> None:
        """Write faults down; a row with several counts once. No row may stand in two calls.

        Raises:
            UnwritableRejectsError: the file cannot be written.
        """
        if faults.is_empty():
            return
        first = self.count == 0
        self.count += faults["line"].n_unique()
        self.examples += [_sentence(**fault) for fault in faults.head(SHOWN - len(self.examples)).iter_rows(named=True)]
        if self.path is None:
            return
        try:
            with self.path.open("wb" if first else "ab") as file:
                faults.write_csv(file, include_header=first)
        except OSError as error:
            reason = error.strerror or error  # Polars gives no more than a text
            raise UnwritableRejectsError(
                f"{self.path} cannot be written ({reason}); say where rejected rows should go with --rejects."
            ) from error

    def __str__(self) -> str:
        """The first faults, one a line, and where the others are."""
        others = f"are in {self.path}" if self.path else "are written where --rejects names a file."
        return "\n".join([*self.examples, f"All rejected rows {others}"])


def _sentence(line: int, column: str | None, value: str | None, reason: str) -> str:
    what = f"{column} " if column else ""
    shown = f"{value[:40]!a} " if value and column else ""
    return f"  line {line}: {what}{shown}{reason}"
