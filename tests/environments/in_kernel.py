"""Run blocks in a fresh kernel; runs in the notebook server's environment.

Reads a list of sources from stdin as JSON and writes, for each, its status, its
text and its pictures (PNG, base64).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

SECONDS_PER_BLOCK = 280


def main(kernels: str, kernel: str) -> None:
    specs = KernelSpecManager(kernel_dirs=[kernels], ensure_native_kernel=False)
    manager = KernelManager(kernel_name=kernel, kernel_spec_manager=specs)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        json.dump([run(client, source) for source in json.load(sys.stdin)], sys.stdout)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: Any, source: str) -> dict[str, Any]:
    said: list[str] = []
    pictures: list[str] = []

    def on_output(message: dict[str, Any]) -> None:
        content = message["content"]
        said.append(content.get("text", ""))
        said.extend(content.get("traceback", ()))
        data = content.get("data", {})
        said.append(data.get("text/plain", ""))
        if "image/png" in data:
            pictures.append(data["image/png"])

    reply = client.execute_interactive(source, output_hook=on_output, timeout=SECONDS_PER_BLOCK)
    return {
        "status": reply["content"]["status"],
        "text": "".join(filter(None, said)),
        "pictures": pictures,
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
