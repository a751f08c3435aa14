"""What this server says to the learner, in the learner's language.

Not gettext: the package runs in the sandbox, apart from the platform and its
compiled catalogues.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["zh-hans", "en"]

_SENTENCES: dict[str, tuple[str, str]] = {
    "file_limit": (
        "单个文件最大 {megabytes} MB。更大的文件请创建为数据集，再添加到项目中使用。",
        "A file may have {megabytes} MB at most. Make a larger one a dataset and add it"
        " to the project.",
    ),
    "kernel_died": (
        "内核意外退出（可能是内存不足），已自动重启，变量已丢失。",
        "The kernel died (perhaps out of memory) and was restarted; its variables are gone.",
    ),
    "run_lost": (
        "Notebook 服务出错，这个代码块没有运行完。请重新运行。",
        "The notebook server failed, and this block did not run to its end. Please run it again.",
    ),
    "output_limit": (
        "\n[输出超过 {megabytes} MB，之后的内容没有保留]\n",
        "\n[The output passed {megabytes} MB; what followed was not kept]\n",
    ),
    "no_platform": (
        "这个 Notebook 没有连接到平台，无法保存版本。",
        "This notebook isn't connected to the platform, so no version can be saved.",
    ),
    "platform_unreachable": (
        "平台暂时没有响应，请稍后再试。文件都还在，没有丢失。",
        "The platform does not answer just now; please try again. No file is lost.",
    ),
}


class Sentences:
    """``sentences(code, **values)`` in one language; unknown languages read English."""

    def __init__(self, language: str) -> None:
        self._index = 0 if language.lower().startswith("zh") else 1

    def __call__(self, code: str, **values: object) -> str:
        return _SENTENCES[code][self._index].format(**values)
