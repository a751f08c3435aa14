"""The formats of tables, by their name in ``previews.kinds``."""

from lyceum.previews.inside.formats.base import Format, Reading
from lyceum.previews.inside.formats.delimited import Delimited
from lyceum.previews.inside.formats.jsonlines import JsonLines
from lyceum.previews.inside.formats.parquet import Parquet

FORMATS: dict[str, Format] = {
    "csv": Delimited(),
    "jsonl": JsonLines(),
    "parquet": Parquet(),
}

__all__ = ["FORMATS", "Format", "Reading"]
