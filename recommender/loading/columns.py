"""Which column of a file holds which field of an order row."""

from collections.abc import Mapping, Sequence

from recommender.loading.errors import ColumnsError
from recommender.loading.fields import FIELDS, Field, plain_name


def match_columns(columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Find the column of each field, by the mapping, else by the field's name or a synonym.

    Args:
        columns: the file's columns.
        mapping: column to field, as the user gave it; columns in any case, where none is spelled just so.

    Returns:
        Field name to column, for the fields that the file has.

    Raises:
        ColumnsError: a required field has no column, or the mapping names what is not there.
    """
    matched = _mapped_columns(columns, mapping)
    free = {plain_name(column): column for column in reversed(columns) if column not in matched.values()}
    for field in FIELDS.values():
        names = map(plain_name, (field.name, *field.synonyms))
        found = next((free[name] for name in names if name in free), None)
        if field.name not in matched and found:
            matched[field.name] = found
    missing = [field for field in FIELDS.values() if field.required and field.name not in matched]
    if missing:
        raise ColumnsError(_missing_message(missing, columns))
    return matched


def _mapped_columns(columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    spelled = {column.lower(): column for column in columns}
    matched = {}
    for column, field in mapping.items():
        if field not in FIELDS:
            raise ColumnsError(f"--map {column}={field}: there is no field {field!r}. Fields: {', '.join(FIELDS)}.")
        found = column if column in columns else spelled.get(column.lower())
        if found is None:
            raise ColumnsError(f"--map {column}={field}: there is no such column. Columns: {listed(columns)}.")
        if field in matched:
            raise ColumnsError(f"--map names two columns for the field {field}.")
        matched[field] = found
    return matched


def _missing_message(missing: Sequence[Field], columns: Sequence[str]) -> str:
    names = ", ".join(repr(field.name) for field in missing)
    return (
        f"No column was found for {names}. Columns found: {listed(columns)}. "
        f"Say which it is with --map, for example --map {columns[0]!r}={missing[0].name}"
    )


def listed(columns: Sequence[str]) -> str:
    """The first columns for a message, shown so that odd characters are seen."""
    shown = ", ".join(ascii(column[:40])[1:-1] for column in columns[:40])
    return shown + (f" and {len(columns) - 40} more" if len(columns) > 40 else "")
