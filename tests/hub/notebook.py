"""A learner's browser at a running notebook: pages, REST calls, a kernel's channel."""

from __future__ import annotations

import json
import socket
import time
import uuid
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.hub.stack import Browser, Person, Stack


class Notebook:
    """``person``'s browser at ``project``; the first page visit logs in by itself."""

    def __init__(self, stack: Stack, person: Person, project: int) -> None:
        self.stack = stack
        self.project = project
        self.prefix = f"/user/{person.id}/{project}/"
        self.address = stack.settings.notebook_url + self.prefix
        self.browser: Browser = stack.browser(person)

    def page(self, path: str) -> httpx.Response:
        return self.browser.get(self.address + path)

    def _cookie(self, name: str) -> str:
        found = [
            cookie.value
            for cookie in self.browser.client.cookies.jar
            if cookie.name == name and cookie.path == self.prefix
        ]
        return found[0]

    def api(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """A call as the notebook's own page makes it, XSRF token and all."""
        headers = {"X-XSRFToken": self._cookie("_xsrf"), "Sec-Fetch-Mode": "cors"}
        return self.browser.client.request(
            method, f"{self.address}api/{path}", headers=headers, **kwargs
        )

    def start_kernel(self) -> str:
        answer = self.api("POST", "kernels", json={})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def channel(self, kernel: str) -> Channel:
        cookies = httpx.Request("GET", f"{self.address}api/")
        self.browser.client.cookies.set_cookie_header(cookies)
        address = f"ws://notebooks.localhost:{self.stack.port}{self.prefix}api/kernels/{kernel}"
        return Channel(
            connect(
                f"{address}/channels",
                sock=socket.create_connection(("127.0.0.1", self.stack.port)),
                origin=self.stack.settings.notebook_url,
                additional_headers={"Cookie": cookies.headers["Cookie"]},
                max_size=None,
                open_timeout=180,  # until the kernel answers: twenty may start at once
                legacy=True,
            )
        )


class Channel:
    """A kernel's websocket; ``execute`` waits until the kernel is idle again."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.session = uuid.uuid4().hex

    def send(self, code: str) -> str:
        message = uuid.uuid4().hex
        header = {
            "msg_id": message,
            "msg_type": "execute_request",
            "username": "",
            "session": self.session,
            "version": "5.3",
            "date": "",
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        self.socket.send(
            json.dumps(
                {
                    "header": header,
                    "parent_header": {},
                    "metadata": {},
                    "content": content,
                    "channel": "shell",
                    "buffers": [],
                }
            )
        )
        return message

    def execute(self, code: str, seconds: float = 60) -> str:
        """The code's printed output and error names, once the kernel is idle."""
        message = self.send(code)
        printed = ""
        deadline = time.monotonic() + seconds
        while True:
            reply = json.loads(self.socket.recv(timeout=deadline - time.monotonic()))
            if reply["parent_header"].get("msg_id") != message:
                continue
            content = reply["content"]
            if reply["msg_type"] == "stream":
                printed += content["text"]
            elif reply["msg_type"] == "execute_result":
                printed += content["data"]["text/plain"]
            elif reply["msg_type"] == "error":
                printed += f"{content['ename']}: {content['evalue']}"
            elif reply["msg_type"] == "status" and content["execution_state"] == "idle":
                return printed
