"""What previews say: a problem's sentence, a column's type, a histogram's bars."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from lyceum.previews import Bin, Problem

_REASONS = {
    "missing_columns": gettext_lazy("it has fewer values than there are columns"),
    "too_many_columns": gettext_lazy("it has more values than there are columns"),
    "cast": gettext_lazy("a value does not fit the column's type"),
    "unquoted_value": gettext_lazy("a quotation mark is not closed"),
    "invalid_encoding": gettext_lazy("it holds bytes that are no text in this encoding"),
    "line_size_over_maximum": gettext_lazy("the line is too long"),
    "no_json": gettext_lazy("it is no JSON"),
    "no_object": gettext_lazy("it is JSON, but no object"),
    "too_deep": gettext_lazy("its brackets go too deep"),
}
_CHART_WIDTH, _CHART_HEIGHT = 96, 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a small chart, in the units of its ``viewBox``; ``title`` says it in words."""

    x: float
    y: float
    width: float
    height: float
    title: str


def sentence(problem: Problem) -> str:
    """A preview's problem for the learner."""
    params = problem.params
    match problem.code:
        case "empty":
            return _("The file is empty.")
        case "broken_rows":
            return _broken_rows(params)
        case "mixed_types":
            return (
                _(
                    "The column %(column)s is shown as text: from line %(line)d on, "
                    "%(count)d values do not fit the type of those before."
                )
                % params
            )
        case "no_table":
            return _(
                "No table was found in this file: its lines can't be told apart into columns."
            )
        case "damaged_picture":
            return _("The picture is damaged, or of a kind that can't be shown here.")
        case "damaged_archive":
            return _("The archive is damaged or cut off: what it holds can't be read.")
        case "cut_parquet":
            return _(
                "The Parquet file is damaged or cut off: its end, which says what it holds, "
                "is missing."
            )
        case "cut_archive":
            return _("The archive is damaged or cut off; these are the files before that.")
        case "long_archive":
            return _("The archive is too large to go through; these are its first files.")
        case "nul_bytes":
            return _(
                "Line %(line)d holds NUL bytes, which text does not have; they are shown as ␀."
            ) % {"line": params["line"]}
        case "too_slow":
            return _("This took longer than %(seconds)d seconds and was stopped.") % params
        case "too_large":
            return _("The picture has %(count)d megapixels, too many for a preview.") % {
                "count": params["pixels"] // 1_000_000
            }
        case "unreadable":
            return _("The file can't be read: %(detail)s") % {"detail": params["detail"]}
    return _("The file broke its reader; it may be damaged. Download it to open it.")


def type_word(kind: str) -> str:
    """A column's type as the table's head has it."""
    return {
        "text": pgettext("type of a column", "text"),
        "integer": pgettext("type of a column", "whole number"),
        "number": pgettext("type of a column", "number"),
        "boolean": pgettext("type of a column", "yes or no"),
        "date": pgettext("type of a column", "date"),
        "time": pgettext("type of a column", "time"),
    }.get(kind, pgettext("type of a column", "other"))


def delimiter_word(delimiter: str) -> str:
    """A CSV's delimiter by its name."""
    return {",": _("comma"), "\t": _("tab"), ";": _("semicolon"), "|": _("bar")}.get(
        delimiter, delimiter
    )


def bars(bins: list[Bin]) -> list[Bar]:
    """A histogram's bars, the highest as high as the chart."""
    most = max((each.count for each in bins), default=0)
    if not most:
        return []
    width = _CHART_WIDTH / len(bins)
    return [
        Bar(
            x=round(number * width + 0.5, 1),
            y=round(_CHART_HEIGHT - _height(each, most), 1),
            width=round(min(width - 1, 24), 1),
            height=round(_height(each, most), 1),
            title=f"{each.label}: {each.count}",
        )
        for number, each in enumerate(bins)
    ]


def _height(each: Bin, most: int) -> float:
    return 0 if not each.count else max(1.0, _CHART_HEIGHT * each.count / most)


def _broken_rows(params: dict) -> str:
    reason = str(_REASONS.get(params["reason"], "")) or params["reason"].replace("_", " ")
    if params.get("column"):
        reason = _("%(reason)s (column %(column)s)") % {
            "reason": reason,
            "column": params["column"],
        }
    text = ngettext(
        "%(count)d row is left out: at line %(line)d, %(reason)s.",
        "%(count)d rows are left out; the first at line %(line)d: %(reason)s.",
        params["count"],
    )
    return text % {"count": params["count"], "line": params["line"], "reason": reason}
