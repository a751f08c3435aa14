"""Tables as people bring them: encodings, delimiters, sizes, and everything broken."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from lyceum import previews
from lyceum.previews import Progress, TablePage, workers
from lyceum.previews.inside import preparing
from lyceum.previews.inside.database import database
from lyceum.previews.inside.tables import COLUMNS_SHOWN, LONGEST_CELL, TABLE
from lyceum.previews.workers import Unreadable
from tests.previews.waiting import wait_until

Give = Callable[[bytes, str], "File"]


class File:
    """A file with a cache of its own."""

    def __init__(self, folder: Path, data: bytes, format_: str) -> None:
        folder.mkdir()
        self.path, self.cache, self.format = folder / "data", folder / "cache", format_
        self.path.write_bytes(data)

    def first(self) -> TablePage:
        return previews.first_page(self.path, self.format, self.cache)

    def prepared(self) -> Progress:
        def look() -> Progress:
            return previews.prepare(self.path, self.format, self.cache)

        wait_until(lambda: look().is_ready or look().problem)
        return look()

    def rows(self, **wanted: object) -> TablePage:
        assert self.prepared().is_ready
        return previews.rows(self.path, self.format, self.cache, **wanted)

    def profile(self) -> previews.TableProfile:
        self.prepared()
        return previews.profile(self.cache)


@pytest.fixture
def give(tmp_path: Path) -> Give:
    made: list[File] = []

    def file(data: bytes, format_: str = "csv") -> File:
        made.append(File(tmp_path / str(len(made)), data, format_))
        return made[-1]

    return file


TEXT = "城市,人口\n北京,2189\n上海,2487\n"


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_encodings(give: Give, encoding: str, named: str) -> None:
    text = TEXT if "utf-16-" not in encoding else TEXT.replace("北京", "Beijing city").replace(
        "城市", "city name"
    ).replace("上海", "Shanghai city").replace("人口", "people")  # fmt: skip
    file = give(text.encode(encoding), "csv")
    page = file.first()
    assert (page.encoding, page.delimiter, page.problem) == (named, ",", None)
    assert [column.name for column in page.columns] == text.split("\n")[0].split(",")
    assert page.rows == [line.split(",") for line in text.split("\n")[1:3]]
    assert file.rows().rows == page.rows


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_and_headers_are_sniffed(give: Give, delimiter: str) -> None:
    lines = [["a", "b"], ["1", "x"], ["2", "y"]]
    page = give("\n".join(delimiter.join(line) for line in lines).encode(), "csv").first()
    assert page.delimiter == delimiter
    assert [(column.name, column.type) for column in page.columns] == [
        ("a", "integer"), ("b", "text"),
    ]  # fmt: skip
    assert page.rows == lines[1:]


def test_the_whole_table_is_paged_sorted_and_searched(give: Give) -> None:
    data = "n,word\n" + "".join(f"{n},w{n % 7}_%\n" for n in range(500))
    file = give(data.encode(), "csv")
    assert file.first().has_more
    assert [row[0] for row in file.rows(offset=490).rows] == [str(n) for n in range(490, 500)]
    assert file.rows(sort="n", descending=True, count=2).rows[0][0] == "499"
    found = file.rows(words=["W3_%"], count=500)
    assert len(found.rows) == len([n for n in range(500) if n % 7 == 3])
    assert file.rows(words=["__"]).rows == []
    assert file.rows(sort="no such column").rows[0][0] == "0"


def test_what_columns_hold(give: Give) -> None:
    data = "n,x,word,day,label\n1,0.5,a,2020-01-01,q\n2,,b,2020-01-02,q\n3,2.5,a,2021-01-01,q\n"
    columns = {column.name: column for column in give(data.encode(), "csv").profile().columns}
    number, x, word, day = (columns[name] for name in ("n", "x", "word", "day"))
    assert (number.type, number.least, number.most, number.mean) == ("integer", "1", "3", 2.0)
    assert (x.type, x.missing, x.mean) == ("number", 1, 1.5)
    assert sum(each.count for each in number.bins) == 3
    assert [(each.label, each.count) for each in word.bins] == [("a", 2), ("b", 1)]
    assert (day.type, day.least, day.distinct) == ("date", "2020-01-01", 3)


def test_what_is_no_number_is_no_bound(give: Give) -> None:
    (x,) = give(b"x\n1.5\nnan\ninf\n2.5\n", "csv").profile().columns
    assert (x.least, x.most, x.mean) == ("1.5", "2.5", 2.0)
    assert sum(each.count for each in x.bins) == 2


def test_order_is_the_same_on_every_page(give: Give) -> None:
    data = "n,same\n" + "".join(f"{n},{n % 2}\n" for n in range(30_000))
    file = give(data.encode(), "csv")
    pages = [file.rows(sort="same", offset=at, count=1000) for at in range(0, 3000, 1000)]
    wanted = [str(n) for n in range(0, 6000, 2)]
    assert [row[0] for page in pages for row in page.rows] == wanted
    assert pages[1].numbers[:2] == [2001, 2003]


def test_broken_rows_are_told_and_the_rest_is_read(give: Give) -> None:
    file = give(b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n", "csv")
    for problem in (file.first().problem, file.prepared().problem, file.profile().problem):
        assert problem and problem.code == "broken_rows"
        assert (problem.params["count"], problem.params["line"]) == (2, 3)
    assert [row[0] for row in file.rows().rows] == ["1", "10"]


@pytest.mark.parametrize(
    ("data", "encoding", "first"),
    [
        # Latin-1 that GBK's rules allow, but that no Chinese says
        ("name,city\nnaïve,señor\nMüller,München\n".encode("latin-1"), "latin-1", "naïve"),
        # broken characters among good ones do not make it another encoding
        ("名,值\n甲,1\n".encode() * 50 + b"\xff\xfe,1\n", "utf-8", "甲"),
        # Chinese that only begins far behind the first megabyte
        (
            b"id,v\n" + b"1,abcdefghij\n" * 150_000 + "2,张三\n".encode("gbk") * 20_000,
            "gb18030",
            "1",
        ),
    ],
)
def test_encodings_that_a_beginning_does_not_tell(
    give: Give, data: bytes, encoding: str, first: str
) -> None:
    page = give(data, "csv").first()
    assert (page.encoding, page.rows[0][0]) == (encoding, first)


def test_what_is_no_text_is_no_table(give: Give) -> None:
    for data in (bytes(5000), random.Random(1).randbytes(100_000)):
        file = give(data, "csv")
        assert file.first().problem == file.prepared().problem == previews.Problem("no_table")


def test_a_title_above_the_table(give: Give) -> None:
    page = give(b"Export of 2020\n\nid,name\n1,a\n2,b\n", "csv").first()
    assert [column.name for column in page.columns] == ["id", "name"] and not page.problem


def test_quotes_that_only_come_far_down(give: Give) -> None:
    data = b"id,v\n" + b"1,abc\n" * 60_000 + b'2,"a, ""b"""\n3,"two\nlines"\n'
    file = give(data, "csv")
    assert file.profile().row_count == 60_002 and file.profile().problem is None
    assert [row[1] for row in file.rows(offset=60_000).rows] == ['a, "b"', "two\nlines"]


def test_a_column_of_two_types_is_text(give: Give) -> None:
    data = "a,b\n" + "1,2\n" * 60_000 + "x,2\n" * 1000
    file = give(data.encode(), "csv")
    wanted = {"column": "a", "count": 1000, "line": 60_002}
    assert file.prepared().problem == previews.Problem("mixed_types", wanted)
    assert [column.type for column in file.rows().columns] == ["text", "integer"]
    assert file.profile().row_count == 61_000


def test_a_value_of_another_type_far_down_is_told(give: Give) -> None:
    data = "a\n" + "1\n" * 60_000 + "oops\n" + "2\n"
    file = give(data.encode(), "csv")
    problem = file.prepared().problem
    assert problem and (problem.code, problem.params["line"]) == ("broken_rows", 60_002)
    assert file.profile().row_count == 60_001


def test_nul_bytes(give: Give) -> None:
    page = give(b"a,b\n1,2\n3,\0\n", "csv").first()
    assert page.problem and (page.problem.code, page.problem.params) == ("nul_bytes", {"line": 3})
    assert page.rows[1] == ["3", "␀"]


def test_a_wrong_byte_in_utf8(give: Give) -> None:
    head = "名,值\n" + "".join(f"甲,{n}\n" for n in range(200_000))
    file = give(head.encode() + b"\xff\xfe,1\n" + "乙,2\n".encode(), "csv")
    assert file.first().problem is None
    problem = file.prepared().problem
    assert problem and problem.params["reason"] == "invalid_encoding"
    assert problem.params["line"] == 200_002


def test_ten_thousand_columns(give: Give) -> None:
    names = [f"c{number}" for number in range(10_000)]
    file = give(f"{','.join(names)}\n{','.join('1' for _ in names)}\n".encode(), "csv")
    page = file.first()
    assert (page.column_count, len(page.columns)) == (10_000, COLUMNS_SHOWN)
    last = file.rows(first_column=9_900)
    assert last.columns[-1].name == "c9999"
    about = previews.further_profile(file.path, "csv", file.cache, first_column=9_900)
    assert about.columns[-1].name == "c9999" and about.columns[-1].least == "1"
    assert len(file.rows(words=["1"]).rows) == 1 and not file.rows(words=["2"]).rows
    assert len(file.profile().columns) == COLUMNS_SHOWN


def test_long_values_and_lines(give: Give) -> None:
    page = give(f"a,b\n{'x' * 5000},1\n".encode(), "csv").first()
    assert page.rows[0][0] == "x" * LONGEST_CELL + "…"
    file = give(b"a,b\n1,2\n" + b"x" * (3 << 20) + b",1\n3,4\n", "csv")
    problem = file.first().problem
    assert problem and problem.params["reason"] == "line_size_over_maximum"
    assert [row[0] for row in file.rows().rows] == ["1", "3"]
    endless = give(b"x" * (40 << 20), "csv")
    assert endless.first().problem == endless.prepared().problem == previews.Problem("no_table")


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_an_empty_file(give: Give, format_: str) -> None:
    file = give(b"", format_)
    assert file.first().problem == file.prepared().problem == previews.Problem("empty")


def test_parquet(give: Give, tmp_path: Path) -> None:
    source = tmp_path / "x.parquet"
    duckdb.sql("SELECT i AS n, 'w' || i AS word, [i] AS list FROM range(200) t(i)").write_parquet(
        str(source)
    )
    file = give(source.read_bytes(), "parquet")
    assert file.first().rows[1] == ["1", "w1", "[1]"]
    assert file.rows(offset=150, count=1).rows == [["150", "w150", "[150]"]]
    assert file.profile().row_count == 200
    moved = tmp_path / "year=2020" / "x'*[1].parquet"
    moved.parent.mkdir()
    moved.write_bytes(source.read_bytes())
    assert previews.first_page(moved, "parquet", tmp_path / "c").column_count == 3
    cut = give(source.read_bytes()[:-10], "parquet")
    assert str(tmp_path) not in str(cut.first().problem)
    assert cut.first().problem.code == cut.prepared().problem.code == "cut_parquet"


def test_json_lines(give: Give) -> None:
    good = "".join(json.dumps({"a": n, "b": {"c": "数"}}) + "\n" for n in range(3))
    file = give(good.encode(), "jsonl")
    assert file.first().rows[2] == ["2", '{"c": "数"}']
    broken = give(b'{"a":1}\n{"a":2,\n[1]\n{"a":3,"b":NaN}\n{"a":4,"b":"\\ud800"}\n', "jsonl")
    for problem in (broken.first().problem, broken.prepared().problem):
        params = {"count": 2, "line": 2, "reason": "no_json", "column": None}
        assert problem == previews.Problem("broken_rows", params)
    assert broken.rows().rows == broken.first().rows == [["1", None], ["3", None], ["4", "?"]]
    late = give(b'{"a":1}\n' * 50_000 + b'{"a":"x","b":2}\n', "jsonl")
    assert late.rows(offset=50_000).rows == [['"x"', "2"]]
    for nothing in (b"[1]\n", b'{"a":' * 500 + b"1" + b"}" * 500):
        assert give(nothing, "jsonl").first().problem == previews.Problem("no_table")


def test_names_that_mean_something_to_sql(give: Give) -> None:
    file = give(b'"a""b; DROP TABLE x",label,"select"\n1,2,3\n', "csv")
    assert file.rows(sort='a"b; DROP TABLE x', words=["1"]).rows == [["1", "2", "3"]]
    assert file.profile().columns[0].name == 'a"b; DROP TABLE x'


def test_a_table_reads_its_own_file_only(give: Give, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret\n1\n")
    file = give(b"a\n1\n", "csv")
    file.path.write_text(f"a\n{tmp_path / 'secret.csv'}\n")
    with duckdb.connect() as plain:
        assert plain.execute(f"FROM '{tmp_path / 'secret.csv'}'").fetchall() == [(1,)]
    for sql in (f"FROM read_csv('{tmp_path / 'secret.csv'}')", "FROM read_text('/etc/passwd')",
                "INSTALL httpfs", f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'"):  # fmt: skip
        file.cache.mkdir(exist_ok=True)
        with pytest.raises(Unreadable), database(file=file.path, cache=file.cache) as base:
            base.execute(sql)


def test_a_preparation_that_kills_its_worker_is_not_tried_at_once(
    give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = give(b"a\n1\n", "csv")
    begin = workers.begin
    monkeypatch.setattr(workers, "begin", lambda *_, **limits: begin(os.abort, **limits))
    assert file.prepared().problem == previews.Problem("crashed")
    monkeypatch.undo()
    assert file.prepared().problem == previews.Problem("crashed")


def test_a_half_made_copy_is_made_anew(give: Give) -> None:
    file = give(b"a\n1\n", "csv")
    file.cache.mkdir()
    (file.cache / preparing.PROGRESS).write_text('{"percent": 40}')
    (file.cache / f"{TABLE}.new").write_bytes(b"half")
    (file.cache / TABLE).write_bytes(b"older half")
    assert file.rows().rows == [["1"]]
