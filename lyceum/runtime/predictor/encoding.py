# -*- coding: utf-8 -*-
"""A prediction's output as JSON, or where in it lies what JSON has no word for."""

from __future__ import unicode_literals

import json
import math
import re

from predictor.failures import Failure, text

MOST_BYTES = 48 * 1024 * 1024
_MOST_DEPTH = 200
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_TEXTS = (bytes, type(b"".decode("ascii")))


def encode(value):
    """``value`` as JSON bytes in UTF-8; arrays and their numbers become lists and numbers.

    Raises ``Failure`` where the value has NaN, Infinity or something that is no JSON.
    """
    try:
        content = _dumps(value)
    except Exception:
        raise _found(value)  # noqa: B904 - Python 2
    if len(content) > MOST_BYTES:
        raise Failure(
            "The output is larger than %d MiB." % (MOST_BYTES >> 20),
            "输出超过了 %d MiB。" % (MOST_BYTES >> 20),
        )
    return content


def to_json(value):
    """``value``, which is ours, as JSON bytes."""
    return json.dumps(value).encode("utf-8")


def _dumps(value):
    if str is bytes:
        return _readable(_ESCAPING.encode(value))
    try:
        return _PLAIN.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        return _ESCAPING.encode(value).encode("ascii")


def _readable(words):
    """On Python 2 bytes and text can't be written together but as escapes."""
    if "\\u" not in words:
        return words
    try:
        return json.dumps(json.loads(words), ensure_ascii=False).encode("utf-8")
    except (UnicodeError, ValueError):
        return words


def _as_json(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes):
        raise TypeError("bytes")
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(type(value).__name__)


_PLAIN = json.JSONEncoder(default=_as_json, allow_nan=False, ensure_ascii=False)
_ESCAPING = json.JSONEncoder(default=_as_json, allow_nan=False)


def _found(value):
    place, english, chinese = _search(value, "", 0) or ("", "is no JSON value", "不是 JSON 值")
    where = place.lstrip(".")
    return Failure(
        "The output%s %s." % (" at %s" % where if where else "", english),
        "输出%s%s。" % ("的 %s 处" % where if where else "", chinese),
    )


def _search(value, place, depth):
    """The first place that is no JSON, and what is wrong with it; ``None`` if there is none."""
    if depth > _MOST_DEPTH:
        return place[:100], "is nested too deeply", "嵌套得太深"
    if isinstance(value, _TEXTS):
        return _search_text(value, place)
    if isinstance(value, float):
        return _search_number(value, place)
    if isinstance(value, dict):
        return _search_object(value, place, depth)
    if isinstance(value, (list, tuple)):
        return _first(_search(v, "%s[%d]" % (place, i), depth + 1) for i, v in enumerate(value))
    if value is None or isinstance(value, (bool, int)) or type(value).__name__ == "long":
        return None
    try:
        return _search(_as_json(value), place, depth + 1)
    except Exception:
        kind = type(value).__name__
        return place, "is a %s, which JSON has no form for" % kind, "是 %s，JSON 无法表示" % kind


def _search_object(value, place, depth):
    for key, inner in value.items():
        if not (isinstance(key, (str, bool, int, float, _TEXTS[1])) or key is None):
            kind = type(key).__name__
            return place, "has a %s as a key" % kind, "的键是 %s，不是字符串" % kind
        name = text(key) if isinstance(key, _TEXTS) else str(key)
        step = "." + name if _NAME.match(name) else "[%s]" % json.dumps(name)
        found = _search(inner, place + step, depth + 1)
        if found:
            return found
    return None


def _search_text(value, place):
    if not isinstance(value, bytes):
        return None
    if str is not bytes:
        return place, "is bytes: decode them, or send base64", "是 bytes：请先解码或转成 base64"
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return place, "is no UTF-8 text: send base64", "不是 UTF-8 文本：请转成 base64"
    return None


def _search_number(value, place):
    if math.isnan(value):
        return place, "is NaN, which JSON does not have", "是 NaN，JSON 没有这个值"
    if math.isinf(value):
        return place, "is Infinity, which JSON does not have", "是 Infinity，JSON 没有这个值"
    return None


def _first(found):
    return next((each for each in found if each), None)
