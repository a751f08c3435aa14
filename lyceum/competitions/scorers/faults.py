"""Why a submission has no score: whose fault, and what its team may know of it."""

from __future__ import annotations

from typing import Any

from lyceum.competitions.models import SubmissionState

State = SubmissionState


class NoScore(Exception):
    """The scoring ends without a score, as ``state``.

    ``sentences`` (English, Chinese) and ``report`` are for the team and hold nothing that a
    hidden file says; ``detail`` is the organiser's and may.
    """

    def __init__(
        self,
        state: str,
        sentences: tuple[str, str] = ("", ""),
        *,
        report: dict[str, Any] | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(sentences[0] or str(state))
        self.state = state
        self.sentences = sentences
        self.report = report
        self.detail = detail


class TryAgain(Exception):
    """The platform failed at it; the message is the organiser's to read."""


class BrokenRound(Exception):
    """Nothing of the round can be scored: its truth and its rules do not fit."""


SCORING_FAILED = (
    "The organiser's scoring failed on this submission. Your attempt has been given back.",
    "主办方的评分在处理此次提交时出错，本次机会已退还。",
)
GONE = (
    "What was submitted does not exist any more.",
    "所提交的内容已不存在。",
)
_CODE_ENDED = {
    "exit": (
        "Your code ended with an error ({type}).",
        "代码运行出错（{type}）。",
    ),
    "time_limit": (
        "Your code took longer than is allowed.",
        "代码运行超过了允许的时间。",
    ),
    "out_of_memory": (
        "Your code took more memory than is allowed.",
        "代码运行超过了允许的内存。",
    ),
    "disk_limit": (
        "Your code wrote more than is allowed.",
        "代码写入的数据超过了允许的大小。",
    ),
    "process_limit": (
        "Your code started more processes than is allowed.",
        "代码启动的进程数超过了上限。",
    ),
    "signal": (
        "Your code was killed by a signal.",
        "代码运行被信号终止。",
    ),
}


def code_ended(reason: str, kind: str, detail: str) -> NoScore:
    """Somebody's code ended badly: in which way, and by which of Python's exceptions."""
    english, chinese = _CODE_ENDED.get(reason, _CODE_ENDED["signal"])
    said = english.format(type=kind), chinese.format(type=kind)
    return NoScore(State.FAILED, said, detail=detail)


def no_output(name: str, detail: str) -> NoScore:
    """Nothing to score was written."""
    said = (
        f"Your code ended without writing {name}, or what it wrote is too large.",
        f"代码运行结束，但没有写出 {name}，或文件过大。",
    )
    return NoScore(State.FAILED, said, detail=detail)


def bad_output(codes: list[str], detail: str) -> NoScore:
    """What hidden inputs were answered with can't be scored: only of which kinds the
    problems are, since a value in it may be a hidden one."""
    shown = ", ".join(codes)
    said = (
        f"What it wrote can't be scored: {shown}. Which values these are is not shown, since "
        "they may come from hidden inputs.",
        f"输出的预测无法评分：{shown}。由于其中可能包含隐藏数据，具体内容不予显示。",
    )
    return NoScore(State.FAILED, said, detail=detail)
