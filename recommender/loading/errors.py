"""Why a file was not imported, in words that its owner can act on."""

from recommender.errors import RecommenderError


class UnreadableFileError(RecommenderError):
    """The file is not there, or is not what its name says, or breaks off."""


class ColumnsError(RecommenderError):
    """The columns of the file and the fields of an order do not fit together."""


class BadRowsError(RecommenderError):
    """Some rows are bad, so none was loaded."""


class UnwritableRejectsError(RecommenderError):
    """Rejected rows cannot be written down."""
