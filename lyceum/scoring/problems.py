"""What is wrong with a file that was handed in: as data, and as a sentence in zh and en."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_LISTED = 20
_LONGEST_VALUE = 40

# Each code: English, Chinese. {value} is shown quoted and cut.
_SENTENCES = {
    "empty_file": ("The file is empty.", "文件是空的。"),
    "too_large": (
        "The file is larger than {most} MB.",
        "文件超过 {most} MB。",
    ),
    "nul": (
        "This is no text file: it holds null bytes.",
        "这不是文本文件：其中有空字节。",
    ),
    "encoding": (
        "These bytes are no text in {encoding}; save the file as UTF-8.",
        "这里的字节不是 {encoding} 文本，请把文件存为 UTF-8。",
    ),
    "unsupported": (
        "This is a {value} file; hand in CSV, JSON, or a zip that holds one of them.",
        "这是 {value} 文件，请提交 CSV、JSON 或只含其中之一的 zip。",
    ),
    "bad_zip": (
        "The zip file is broken or uses what is not supported (a password, an odd method).",
        "zip 文件损坏，或使用了不支持的功能（密码、特殊压缩方法）。",
    ),
    "zip_members": (
        "The zip must hold exactly one CSV or JSON file; it holds {found}.",
        "zip 中必须恰好有一个 CSV 或 JSON 文件，现有 {found} 个。",
    ),
    "zip_bomb": (
        "The zip unpacks to over {ratio} times its size.",
        "zip 解压后超过自身大小的 {ratio} 倍。",
    ),
    "bad_json": (
        "This is no JSON: {detail} (line {line}).",
        "这不是 JSON：{detail}（第 {line} 行）。",
    ),
    "json_shape": (
        "The JSON must be a list of objects, or an object of lists that are equally long.",
        "JSON 必须是对象的列表，或由等长列表组成的对象。",
    ),
    "json_nested": (
        "A value is a list or an object; it must be a number, a text or null.",
        "值是列表或对象，应为数字、文本或 null。",
    ),
    "no_header": (
        "The first row must name the columns: {expected}.",
        "第一行必须是列名：{expected}。",
    ),
    "missing_column": ("This column is missing.", "缺少这一列。"),
    "renamed_column": (
        "This column is missing; is it the one called {hint}?",
        "缺少这一列；是不是名为 {hint} 的那一列？",
    ),
    "extra_column": (
        "There must be no such column; the columns are {expected}.",
        "不应有这一列；应有的列是 {expected}。",
    ),
    "index_column": (
        "A column without a name, which looks like row numbers; with pandas, "
        "write it with index=False.",
        "有一列没有名字，像是行号；用 pandas 写出时请加 index=False。",
    ),
    "duplicate_column": ("Two columns have this name.", "有两列同名。"),
    "too_few_values": (
        "{found} values instead of {expected}.",
        "有 {found} 个值，应为 {expected} 个。",
    ),
    "too_many_values": (
        "{found} values instead of {expected}; a text with commas needs quotation marks.",
        "有 {found} 个值，应为 {expected} 个；含逗号的文本要加引号。",
    ),
    "quote": (
        "A quotation mark is not closed, or stands inside a text.",
        "引号没有闭合，或出现在文本中间。",
    ),
    "too_long": (
        "A row is longer than {most} MB.",
        "这一行超过 {most} MB。",
    ),
    "broken": ("The table can't be read: {detail}", "无法读取表格：{detail}"),
    "row_count": (
        "The file has {found} rows; {expected} are needed.",
        "文件有 {found} 行，应为 {expected} 行。",
    ),
    "empty_id": ("There is no id.", "没有 id。"),
    "unknown_id": ("There is no id {value}.", "没有 {value} 这个 id。"),
    "duplicate_id": (
        "The id {value} is in row {first} already.",
        "id {value} 已在第 {first} 行出现。",
    ),
    "missing_id": ("No row has the id {value}.", "缺少 id 为 {value} 的行。"),
    "empty": ("There is no value.", "没有值。"),
    "not_a_number": ("{value} is no number.", "{value} 不是数字。"),
    "not_an_integer": ("{value} is no whole number.", "{value} 不是整数。"),
    "not_finite": (
        "{value} is no finite number.",
        "{value} 不是有限的数。",
    ),
    "too_small": (
        "{value} is less than {least}.",
        "{value} 小于 {least}。",
    ),
    "too_great": (
        "{value} is more than {most}.",
        "{value} 大于 {most}。",
    ),
    "not_allowed": (
        "{value} is none of the values {allowed}.",
        "{value} 不在允许的值 {allowed} 之中。",
    ),
    "sum": (
        "The probabilities add up to {value}, not to 1.",
        "各类概率之和为 {value}，应为 1。",
    ),
    "bad_list": (
        "{value} is no list of different words separated by spaces, {most} at most.",
        "{value} 不是以空格分隔、互不相同且最多 {most} 项的列表。",
    ),
    "bad_mask": (
        "{value} is no mask: pairs of start and length, ascending, from 1, not overlapping"
        "{within}.",
        "{value} 不是掩码：应为“起点 长度”成对，从 1 开始、递增且不重叠{within}。",
    ),
}
CODES = frozenset(_SENTENCES)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file.

    ``row`` is as people count: a CSV's header is row 1; in JSON the first record is 1.
    ``value`` is what stands there, cut. ``params`` are what else the sentence tells.
    """

    code: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)

    def sentence(self, language: str = "en") -> str:
        """The problem in words; ``language`` is ``zh…`` or anything else for English."""
        chinese = language.lower().startswith("zh")
        shown = {**self.params, "value": f"“{self.value}”"}
        body = _SENTENCES[self.code][chinese].format_map(shown)
        place = []
        if self.row is not None:
            place.append(f"第 {self.row} 行" if chinese else f"row {self.row}")
        if self.column is not None:
            place.append(f"列“{self.column}”" if chinese else f"column “{self.column}”")
        if not place:
            return body
        if chinese:
            return f"{'，'.join(place)}：{body}"
        where = ", ".join(place)
        return f"{where[0].upper()}{where[1:]}: {body}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the data and both sentences."""
        return {
            "code": self.code,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "params": dict(self.params),
            "en": self.sentence("en"),
            "zh": self.sentence("zh"),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: at most ``MOST_LISTED`` problems of ``total``, of each kind some.

    ``rows`` is how many rows the file has, 0 when that can't be told.
    """

    problems: tuple[Problem, ...] = ()
    total: int = 0
    rows: int = 0

    @property
    def ok(self) -> bool:
        return self.total == 0

    def sentences(self, language: str = "en") -> list[str]:
        """The problems listed, and how many more there are."""
        said = [problem.sentence(language) for problem in self.problems]
        if more := self.total - len(self.problems):
            chinese = language.lower().startswith("zh")
            said.append(f"还有 {more} 个问题。" if chinese else f"And {more} more.")
        return said

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ok": self.ok,
            "rows": self.rows,
            "total": self.total,
            "problems": [problem.as_dict() for problem in self.problems],
        }


class Refused(Exception):
    """The file can't be read or scored; ``report`` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__(" ".join(report.sentences()))
        self.report = report


@dataclass(slots=True)
class Kind:
    """Problems of one kind: the first few, and how many there are."""

    listed: list[Problem]
    total: int


def refused(code: str, **about: Any) -> Refused:
    """One problem that nothing can be read past."""
    names = ("row", "column", "value")
    place = {name: about.pop(name) for name in names if name in about}
    return Refused(Report((Problem(code, **place, params=about),), 1))


def report(kinds: Iterable[Kind], *, rows: int) -> Report:
    """One report of all kinds; when they are too many, each kind keeps its share."""
    found = [kind for kind in kinds if kind.total]
    shares = _shares([len(kind.listed) for kind in found])
    listed = [
        problem
        for kind, share in zip(found, shares, strict=True)
        for problem in kind.listed[:share]
    ]
    return Report(tuple(listed), sum(kind.total for kind in found), rows)


def short(value: object) -> str:
    """A value as it is shown: on one line, cut."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)[:400]).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _shares(wanted: Sequence[int]) -> list[int]:
    shares = [0] * len(wanted)
    left = MOST_LISTED
    while left and any(share < want for share, want in zip(shares, wanted, strict=True)):
        for number, want in enumerate(wanted):
            if left and shares[number] < want:
                shares[number] += 1
                left -= 1
    return shares
