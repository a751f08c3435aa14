"""What a saved Paddle program says about itself, read without Paddle.

The binary form (``__model__``, ``.pdmodel``) is a protocol buffer, `ProgramDesc` of
Paddle's ``framework.proto``; the text form (``.json``) is Paddle 3's own.
"""

import json
from collections import namedtuple

Program = namedtuple("Program", "inputs outputs parameters")
"""``inputs`` and ``outputs`` as in `models`; ``parameters`` are the names of variables that
are saved, empty where the form does not say."""

_TYPES = {
    0: "bool",
    1: "int16",
    2: "int32",
    3: "int64",
    4: "float16",
    5: "float32",
    6: "float64",
    20: "uint8",
    21: "int8",
    22: "bfloat16",
}
_TEXT_TYPES = {
    "t_bool": "bool",
    "t_i8": "int8",
    "t_ui8": "uint8",
    "t_i16": "int16",
    "t_i32": "int32",
    "t_i64": "int64",
    "t_f16": "float16",
    "t_f32": "float32",
    "t_f64": "float64",
    "t_bf16": "bfloat16",
}
_TENSOR = 7
_BYTES = 2


def read(content, most_fields=None):
    """The program in ``content``, all bytes of its file; raises ``ValueError``.

    Of the binary form no more than ``most_fields`` fields are looked at.
    """
    if content[:1] == b"{":
        return _read_text(content)
    try:
        return _Binary(most_fields).program(content)
    except (IndexError, KeyError, TypeError, UnicodeError):
        raise ValueError("not a program of Paddle's")  # noqa: B904 - Python 2


def is_text(head):
    """Whether a file that begins with ``head`` (100 bytes) is a program in text form."""
    return head[:1] == b"{" and b'"base_code"' in head and b'"pir"' in head


def _read_text(content):
    value = json.loads(content.decode("utf-8"))
    try:
        operations = value["program"]["regions"][0]["blocks"][0]["ops"]
        inputs = [_text_variable(each) for each in operations if each["#"].endswith(".data")]
        outputs = [_text_variable(each) for each in operations if each["#"].endswith(".fetch")]
    except (KeyError, IndexError, TypeError):
        raise ValueError("not a program of Paddle's")  # noqa: B904 - Python 2
    return Program(inputs, outputs, [])


def _text_variable(operation):
    attributes = {each["N"]: each["AT"]["D"] for each in operation["A"]}
    kind, shape = operation["O"][0]["TT"]["D"][:2]
    return {
        "name": attributes["name"],
        "dtype": _TEXT_TYPES.get(kind["#"].rpartition(".")[2]),
        "shape": shape,
    }


class _Binary(object):
    def __init__(self, most_fields):
        self._left = most_fields

    def program(self, content):
        blocks = self._fields(content).get(1)
        if not blocks:
            raise ValueError("not a program of Paddle's")
        block = self._fields(blocks[0])
        variables, parameters = {}, []
        for each in block.get(3, []):
            fields = self._fields(each)
            name, kind = fields[1][0].decode("utf-8"), self._fields(fields[2][0])
            variables[name] = {"name": name, "dtype": None, "shape": None}
            if kind[1][0] == _TENSOR:
                variables[name].update(self._tensor(kind[3][0]))
                if fields.get(3, [0])[0]:
                    parameters.append(name)
        inputs, outputs = [], []
        for each in block.get(4, []):
            fields = self._fields(each)
            kind = fields[3][0]
            if kind == b"feed":
                inputs.append((self._column(fields), variables[self._argument(fields[2])]))
            elif kind == b"fetch":
                outputs.append((self._column(fields), variables[self._argument(fields[1])]))
        return Program(_in_order(inputs), _in_order(outputs), parameters)

    def _column(self, operation):
        for each in operation.get(4, []):
            attribute = self._fields(each)
            if attribute[1][0] == b"col":
                return attribute[3][0]
        return 0

    def _argument(self, variables):
        return self._fields(variables[0])[2][0].decode("utf-8")

    def _tensor(self, content):
        tensor = self._fields(self._fields(content)[1][0])
        shape = []
        for each in tensor.get(2, []):
            shape.extend(_packed(each) if isinstance(each, bytes) else [each])
        return {"dtype": _TYPES.get(tensor[1][0]), "shape": [_signed(size) for size in shape]}

    def _fields(self, content):
        """``{field: [value]}`` of a protocol buffer's message: numbers, and bytes of the rest."""
        at, fields = 0, {}
        while at < len(content):
            if self._left is not None:
                self._left -= 1
                if self._left < 0:
                    raise ValueError("too large a program")
            number, value, at = _field(content, at)
            fields.setdefault(number, []).append(value)
        return fields


def _in_order(columns):
    return [variable for _, variable in sorted(columns, key=lambda each: each[0])]


def _field(content, at):
    """A field's number and value, and where the next one begins."""
    key, at = _varint(content, at)
    kind = key & 7
    if kind == 0:
        value, at = _varint(content, at)
    elif kind in (1, 5):
        end = at + (8 if kind == 1 else 4)
        value, at = content[at:end], end
    elif kind == _BYTES:
        length, at = _varint(content, at)
        value, at = content[at : at + length], at + length
    else:
        raise ValueError("not a protocol buffer")
    if at > len(content) or not key >> 3:
        raise ValueError("not a protocol buffer")
    return key >> 3, value, at


def _packed(content):
    at, numbers = 0, []
    while at < len(content):
        number, at = _varint(content, at)
        numbers.append(number)
    return numbers


def _signed(number):
    return int(number - (1 << 64) if number >> 63 else number)


def _varint(content, at):
    number = shift = 0
    while True:
        byte = ord(content[at : at + 1] or b"\x80")
        if at >= len(content) or shift > 63:
            raise ValueError("not a protocol buffer")
        number |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return number, at
        shift += 7
