"""Every built-in metric: names, formula, direction, what columns it is of.

Light: what computes a metric (NumPy, scikit-learn, sacreBLEU) is imported at its first use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lyceum.scoring.metrics.inputs import Columns


class Inputs(StrEnum):
    """What columns a metric is of."""

    NUMBERS = "numbers"
    LABELS = "labels"
    PROBABILITIES = "probabilities"
    SCORES = "scores"
    LISTS = "lists"
    TEXTS = "texts"
    MASKS = "masks"

    @property
    def types(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The columns' types in the truth and in a submission."""
        return _TYPES[self]


_FLOATS = ("number", "integer")
_TYPES: dict[Inputs, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Inputs.NUMBERS: (_FLOATS, (*_FLOATS, "probability")),
    Inputs.LABELS: (("label",), ("label",)),
    Inputs.PROBABILITIES: (("label",), ("probability", "number")),
    Inputs.SCORES: (_FLOATS, (*_FLOATS, "probability")),
    Inputs.LISTS: (("list",), ("list",)),
    Inputs.TEXTS: (("text",), ("text",)),
    Inputs.MASKS: (("mask",), ("mask",)),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A metric's parameter: its default, and what it may be (any of ``choices``, a whole
    number from ``least`` on, or any text)."""

    default: str | int | None
    about: str
    choices: tuple[str, ...] = ()
    least: int | None = None

    def check(self, metric: str, name: str, value: Any) -> None:
        """Raises ``RulesError`` for a value that it can't have."""
        from lyceum.scoring.rules import RulesError

        if self.choices and value not in self.choices:
            raise RulesError(f"{metric}'s {name} is one of {', '.join(self.choices)}.")
        if self.least is not None and value != self.default:
            if type(value) is not int or value < self.least:
                raise RulesError(f"{metric}'s {name} is a whole number from {self.least} on.")
        elif not self.choices and value is not None and not isinstance(value, str):
            raise RulesError(f"{metric}'s {name} is a text.")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it is chosen, explained and computed.

    ``formula`` is LaTeX; ``en`` and ``zh`` are its name, ``about_…`` one sentence in
    Markdown. ``minimum`` is the least that the truth may hold, and
    of ``NUMBERS`` a submission too.
    """

    name: str
    en: str
    zh: str
    formula: str
    higher_is_better: bool
    inputs: Inputs
    function: str
    about_en: str
    about_zh: str
    parameters: dict[str, Parameter] = field(default_factory=dict)
    minimum: float | None = None
    needs_group: bool = False

    def compute(self, columns: Columns, parameters: dict[str, Any]) -> float:
        """The metric's value; NaN where it is not defined (one class only)."""
        module, _, name = self.function.partition(":")
        found: Callable[..., float] = getattr(
            import_module(f"lyceum.scoring.metrics.{module}"), name
        )
        return float(found(columns, **parameters))


_POSITIVE = Parameter(None, "The class that is found or not; by default 1, else the last.")
_AVERAGE = Parameter("macro", "How classes are averaged.", ("macro", "weighted"))
_ONE = {"en": "Of one column or of several, whose mean it is.", "zh": "一列或多列，多列取平均。"}


def _number(
    name: str, en: str, zh: str, formula: str, *, higher: bool = False, **more: Any
) -> Metric:
    about = {"about_en": _ONE["en"], "about_zh": _ONE["zh"]}
    return Metric(
        name, en, zh, formula, higher, Inputs.NUMBERS, f"numbers:{name}", **about, **more
    )


def _f1(average: str, en: str, zh: str, formula: str, about_en: str, about_zh: str) -> Metric:
    parameters = {"positive": _POSITIVE} if average == "binary" else {}
    return Metric(
        f"f1_{average}", en, zh, formula, True, Inputs.LABELS, f"labels:f1_{average}",
        about_en, about_zh, parameters,
    )  # fmt: skip


_F1 = r"F_1 = \frac{2\,TP}{2\,TP + FP + FN}"

_ALL = (
    Metric(
        "accuracy", "Accuracy", "准确率",
        r"\frac{1}{n}\sum_{i=1}^{n} 1(\hat{y}_i = y_i)", True, Inputs.LABELS, "labels:accuracy",
        "The share of rows with the right class.", "类别预测正确的行所占比例。",
    ),
    Metric(
        "balanced_accuracy", "Balanced accuracy", "平衡准确率",
        r"\frac{1}{K}\sum_{k=1}^{K} \frac{TP_k}{TP_k + FN_k}", True, Inputs.LABELS,
        "labels:balanced_accuracy",
        "The mean of the classes' recall.", "各类召回率的平均值。",
    ),
    _f1("binary", "F1", "F1", _F1, "Of one of two classes.", "两类中某一类的 F1。"),
    _f1("macro", "F1, macro", "F1（宏平均）",
        rf"\frac{{1}}{{K}}\sum_{{k=1}}^{{K}} F_{{1,k}},\quad {_F1}",
        "The plain mean of the classes' F1.", "各类 F1 的算术平均。"),
    _f1("micro", "F1, micro", "F1（微平均）",
        r"\frac{2\sum_k TP_k}{\sum_k (2\,TP_k + FP_k + FN_k)}",
        "F1 of all classes' counts together.", "合计各类计数后的 F1。"),
    _f1("weighted", "F1, weighted", "F1（加权平均）",
        rf"\sum_{{k=1}}^{{K}} \frac{{n_k}}{{n}} F_{{1,k}},\quad {_F1}",
        "The mean of the classes' F1, by how many rows they have.", "按各类行数加权的 F1 平均。"),
    Metric(
        "auc", "Area under the ROC curve", "ROC 曲线下面积（AUC）",
        r"P(\hat{p}_i > \hat{p}_j \mid y_i = 1, y_j = 0)"
        r" + \tfrac12 P(\hat{p}_i = \hat{p}_j \mid y_i = 1, y_j = 0)",
        True, Inputs.PROBABILITIES, "probabilities:auc",
        "Two classes: one column with the probability (or any score) of the positive one. "
        "More: a column for each class, one against the rest.",
        "两类：一列正类概率（或任意得分）；多类：每类一列，一对其余。",
        {"positive": _POSITIVE, "average": _AVERAGE},
    ),
    Metric(
        "log_loss", "Log loss", "对数损失",
        r"-\frac{1}{n}\sum_{i=1}^{n}\sum_{k=1}^{K} 1(y_i = k)\ln \hat{p}_{ik}",
        False, Inputs.PROBABILITIES, "probabilities:log_loss",
        "Two classes: one column with the probability of the positive one. More: a column "
        "for each class.",
        "两类：一列正类概率；多类：每类一列。",
        {"positive": _POSITIVE},
    ),
    _number("rmse", "Root mean squared error", "均方根误差（RMSE）",
            r"\sqrt{\frac{1}{n}\sum_{i=1}^{n}(\hat{y}_i - y_i)^2}"),
    _number("rmsle", "Root mean squared logarithmic error", "均方根对数误差（RMSLE）",
            r"\sqrt{\frac{1}{n}\sum_{i=1}^{n}(\ln(1 + \hat{y}_i) - \ln(1 + y_i))^2}", minimum=0.0),
    _number("mae", "Mean absolute error", "平均绝对误差（MAE）",
            r"\frac{1}{n}\sum_{i=1}^{n}|\hat{y}_i - y_i|"),
    _number("r2", "Coefficient of determination", "决定系数（R²）",
            r"1 - \frac{\sum_i (y_i - \hat{y}_i)^2}{\sum_i (y_i - \bar{y})^2}", higher=True),
    Metric(
        "map_at_k", "Mean average precision at k", "前 k 项平均精度均值（MAP@k）",
        r"\frac{1}{n}\sum_{i=1}^{n}\frac{1}{\min(m_i, k)}\sum_{j=1}^{k} P_i(j)\,\mathrm{rel}_i(j)",
        True, Inputs.LISTS, "rankings:map_at_k",
        "A row is a query: the truth lists what is relevant (`m` things), the submission up "
        "to `k` things, the best first.",
        "每行一个查询：答案列出相关项（共 `m` 个），提交按优劣列出至多 `k` 项。",
        {"k": Parameter(5, "How many count.", least=1)},
    ),
    Metric(
        "ndcg_at_k", "NDCG at k", "归一化折损累计增益（NDCG@k）",
        r"\frac{1}{q}\sum_{i=1}^{q}\frac{DCG_i@k}{IDCG_i@k},"
        r"\quad DCG@k = \sum_{j=1}^{k}\frac{\mathrm{rel}_j}{\log_2(j+1)}",
        True, Inputs.SCORES, "rankings:ndcg_at_k",
        "A row is a thing of a query (the truth's `group` column): the truth says how "
        "relevant it is, the submission scores it. Equal scores share their places' mean.",
        "每行是某个查询（答案的 `group` 列）的一项：答案给出相关度，提交给出得分；"
        "得分相同者平分名次。",
        {"k": Parameter(None, "How many count; all by default.", least=1)},
        minimum=0.0,
        needs_group=True,
    ),
    Metric(
        "bleu", "BLEU", "BLEU",
        r"100\cdot BP\cdot\exp\Big(\sum_{n=1}^{4}\tfrac14\ln p_n\Big)", True, Inputs.TEXTS,
        "texts:bleu",
        "Of the whole corpus, by sacreBLEU; several targets are several references.",
        "全语料 BLEU（sacreBLEU）；多个目标列即多条参考译文。",
        {"tokenize": Parameter("13a", "How words are told apart.",
                               ("13a", "intl", "zh", "char", "none"))},
    ),
    Metric(
        "miou", "Mean intersection over union", "平均交并比（mIoU）",
        r"\frac{1}{K}\sum_{k=1}^{K}\frac{|A_k\cap B_k|}{|A_k\cup B_k|}", True, Inputs.MASKS,
        "masks:miou",
        "A row is a mask as run lengths. The mean over rows, or over the classes in the "
        "truth's `group` column, whose rows count together. Two empty masks agree: 1.",
        "每行一个游程编码的掩码。按行平均，或按答案 `group` 列的类别合并后平均；两者皆空记 1。",
        {"pixels": Parameter(None, "How many pixels a picture has.", least=1)},
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
