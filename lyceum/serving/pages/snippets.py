"""How a service is called, ready to be copied (guide, 调用示例)."""

from __future__ import annotations

import json
import pprint
import shlex
from dataclasses import dataclass
from typing import Any

from lyceum.serving.pages.shown import pretty

PLACEHOLDER = "YOUR_API_KEY"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A program that calls a service; ``key`` is for the page, ``title`` the language."""

    key: str
    title: str
    text: str


def snippets(address: str, api_key: str, sample: dict[str, Any]) -> list[Snippet]:
    """curl, Python 3 (nothing to install) and JavaScript, with key and parameters filled in;
    without a key, with a word in its place."""
    url = f"{address}?apiKey={api_key or PLACEHOLDER}"
    return [
        Snippet("curl", "curl", _curl(url, sample)),
        Snippet("python", "Python 3", _python(url, sample)),
        Snippet("javascript", "JavaScript", _javascript(url, sample)),
    ]


def _curl(url: str, sample: dict[str, Any]) -> str:
    body = shlex.quote(json.dumps(sample, ensure_ascii=False))
    return f'curl -H "Content-Type: application/json" -X POST \\\n  -d {body} \\\n  "{url}"'


def _python(url: str, sample: dict[str, Any]) -> str:
    data = pprint.pformat(sample, sort_dicts=False, width=88)
    return f'''import json
import urllib.error
import urllib.request

url = "{url}"
data = {data}

body = json.dumps(data).encode()
request = urllib.request.Request(url, body, {{"Content-Type": "application/json"}})
try:
    with urllib.request.urlopen(request) as response:
        print(json.load(response))
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
'''


def _javascript(url: str, sample: dict[str, Any]) -> str:
    return f'''const response = await fetch("{url}", {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify({pretty(sample)}),
}});
console.log(response.status, await response.json());
'''
