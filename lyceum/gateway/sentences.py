"""What callers read when a call is refused or fails: each code's sentence, twice."""

from __future__ import annotations

from typing import Any

SENTENCES: dict[str, tuple[str, str]] = {
    "unknown_service": ("There is no such prediction service.", "没有这个预测服务。"),
    "wrong_method": (
        "Send a POST request whose body is a JSON object.",
        "请用 POST 方法发送 JSON 对象。",
    ),
    "missing_key": (
        "Give the API key: ?apiKey=… in the address, or the header Authorization: Bearer ….",
        "缺少 API key：请在地址中加上 ?apiKey=…，或使用请求头 Authorization: Bearer …。",
    ),
    "wrong_key": (
        "This API key is not valid for this service.",
        "该 API key 对此服务无效。",
    ),
    "too_many": (
        "Too many calls with this API key; try again in {seconds} s.",
        "该 API key 的调用过于频繁，请 {seconds} 秒后再试。",
    ),
    "body_too_large": (
        "The body may have at most {limit} bytes.",
        "请求体最大 {limit} 字节。",
    ),
    "batch_too_long": (
        "One call may bring at most {limit} inputs.",
        "一次调用最多包含 {limit} 组参数。",
    ),
    "body_incomplete": (
        "The body did not arrive in time.",
        "请求体未能及时传完。",
    ),
    "not_json": (
        "The body must be JSON: send the header Content-Type: application/json.",
        "请求体必须是 JSON：请使用请求头 Content-Type: application/json。",
    ),
    "bad_json": (
        "The body is not valid JSON (NaN and Infinity are not numbers of JSON).",
        "请求体不是有效的 JSON（JSON 中没有 NaN 和 Infinity）。",
    ),
    "not_an_object": (
        "The body must be a JSON object of parameters, or a list of such objects.",
        "请求体必须是由参数组成的 JSON 对象，或这种对象的数组。",
    ),
    "missing_parameter": ("The parameter {name} is missing.", "缺少参数 {name}。"),
    "unknown_parameter": (
        "This service has no parameter {name}.",
        "此服务没有参数 {name}。",
    ),
    "wrong_type": (
        "The parameter {name} must be of type {type}.",
        "参数 {name} 的类型必须是 {type}。",
    ),
    "below": (
        "The parameter {name} must be at least {bound}.",
        "参数 {name} 不能小于 {bound}。",
    ),
    "above": (
        "The parameter {name} must be at most {bound}.",
        "参数 {name} 不能大于 {bound}。",
    ),
    "too_great": (
        "The parameter {name} is too great for a number of this type.",
        "参数 {name} 超出了数值类型的范围。",
    ),
    "paused": (
        "This service is paused. Its owner can wake it on its page.",
        "此服务已暂停，可由所有者在服务页面唤醒。",
    ),
    "stopped": (
        "This service has been stopped by its owner.",
        "此服务已被所有者停止。",
    ),
    "failed": (
        "This service could not be started. Its owner sees why on its page.",
        "此服务启动失败，所有者可在服务页面查看原因。",
    ),
    "deploying": (
        "This service is being deployed; try again in a moment.",
        "此服务正在部署，请稍后再试。",
    ),
    "queue_full": (
        "Too many calls are waiting for this service; try again in a moment.",
        "等待此服务的调用过多，请稍后再试。",
    ),
    "timed_out": (
        "The prediction took longer than {seconds} s.",
        "预测未能在 {seconds} 秒内完成。",
    ),
    "converter_failed": (
        "The service's converter failed on this input.",
        "服务的参数转换器处理该输入时出错。",
    ),
    "model_failed": (
        "The service's model failed on this input.",
        "服务的模型处理该输入时出错。",
    ),
    "bad_output": (
        "The service's output can't be written as JSON.",
        "服务的输出无法表示为 JSON。",
    ),
    "worker_died": (
        "The service's program ended while it worked on this input.",
        "服务的程序在处理该输入时意外退出。",
    ),
    "gateway_failed": (
        "The platform failed on this call.",
        "平台处理该调用时出错。",
    ),
}


def sentence(key: str, values: dict[str, Any], chinese: bool) -> str:
    """The sentence of ``key`` with its blanks filled."""
    return SENTENCES[key][chinese].format(**values)


def prefers_chinese(accept_language: str) -> bool:
    """Whether a reader with this ``Accept-Language`` would rather read Chinese.

    English when it names neither or can't be read.
    """
    best, chinese = 0.0, False
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().lower().partition(";")
        language = tag.partition("-")[0].strip()
        if language not in ("zh", "en"):
            continue
        weight = _weight(parameters)
        if weight > best:
            best, chinese = weight, language == "zh"
    return chinese


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
