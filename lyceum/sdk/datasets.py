"""Datasets: ``client.datasets``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lyceum.sdk.downloading import download
from lyceum.sdk.errors import LyceumError
from lyceum.sdk.local_files import collect
from lyceum.sdk.models import Comment, Dataset, File, Quota, Unpacking, Version
from lyceum.sdk.progress import Callback
from lyceum.sdk.sending import Order, send
from lyceum.sdk.transport import Transport

_LONGEST_NAME = 100
_POLL_SECONDS = 0.5

Paths = Sequence[str | os.PathLike[str]]


class Datasets:
    """What a program can do with datasets. Every method raises ``LyceumError``."""

    def __init__(self, transport: Transport, uploads: Path) -> None:
        self._transport = transport
        self._uploads = uploads

    def create(
        self,
        paths: Paths,
        *,
        name: str,
        summary: str = "",
        description: str = "",
        licence: str = "",
        source: str = "",
        tags: Sequence[str] = (),
        visibility: str = "private",
        progress: Callback | None = None,
    ) -> Dataset:
        """Upload files and folders and make a dataset of them.

        A folder's files keep their places inside it. Called again with the same
        name after it was cut off, it sends only what is missing. ``description`` is
        Markdown, ``licence`` an SPDX identifier, ``visibility`` ``private`` or
        ``shared``.
        """
        if not name.strip() or len(name) > _LONGEST_NAME:
            sentence = f"A dataset's name has 1 to {_LONGEST_NAME} characters."
            raise LyceumError("bad_name", sentence, "name")
        about = {
            "name": name,
            "summary": summary,
            "description": description,
            "licence": licence,
            "source": source,
            "tags": list(tags),
            "visibility": visibility,
        }
        return send(
            self._transport,
            Order(f"create {name}", collect(paths)),
            place=self._uploads,
            newest=lambda: next((each.id for each in self.list(tab="mine")), 0),
            make=lambda draft: self._dataset("POST", "/datasets", json={"draft": draft, **about}),
            made_since=lambda before: self._made_since(before, name),
            progress=progress,
        )

    def add_version(
        self,
        dataset_id: int,
        paths: Paths = (),
        *,
        note: str = "",
        remove: Sequence[str] = (),
        discard: bool = False,
        progress: Callback | None = None,
    ) -> Version:
        """Make the next version: the newest one's files without ``remove``, with
        those of ``paths`` added or in place of those at the same paths.

        Continues like :meth:`create`. ``discard`` gives up changes of this dataset
        that were begun elsewhere, on its page say; else they are refused with code
        ``draft_in_use``.
        """
        files = collect(paths) if paths else []
        both = {file.path for file in files} & set(remove)
        if both:
            sentence = f"“{min(both)}” is both to be sent and to be removed."
            raise LyceumError("sent_and_removed", sentence, "remove")
        versions = f"/datasets/{dataset_id}/versions"
        return send(
            self._transport,
            Order(f"version {dataset_id}", files, dataset_id, remove, discard),
            place=self._uploads,
            newest=lambda: self._newest(dataset_id),
            make=lambda draft: Version.read(
                self._transport.json("POST", versions, json={"draft": draft, "note": note})
            ),
            made_since=lambda before: next(
                (each for each in self.versions(dataset_id) if each.number > before), None
            ),
            progress=progress,
        )

    def list(
        self,
        *,
        tab: str = "official",
        search: str = "",
        tag: str = "",
        licence: str = "",
        sort: str = "newest",
    ) -> Iterator[Dataset]:
        """Datasets of a tab (``official``, ``shared``, ``mine``, ``favourites``), sorted by
        ``newest``, ``used``, ``favourited`` or ``size``; fetched page by page as you go."""
        query = {"tab": tab, "q": search, "tag": tag, "licence": licence, "sort": sort}
        return map(Dataset.read, self._transport.pages("/datasets", **query))

    def get(self, dataset_id: int) -> Dataset:
        return self._dataset("GET", f"/datasets/{dataset_id}")

    def versions(self, dataset_id: int) -> Iterator[Version]:
        """The newest first."""
        return map(Version.read, self._transport.pages(f"/datasets/{dataset_id}/versions"))

    def files(self, dataset_id: int, *, version: int | None = None) -> Iterator[File]:
        """A version's files, of the newest one unless told otherwise."""
        number = self._newest(dataset_id) if version is None else version
        return map(File.read, self._transport.pages(_files(dataset_id, number), limit=500))

    def download(
        self,
        dataset_id: int,
        path: str | None = None,
        *,
        to: str | os.PathLike[str] = ".",
        version: int | None = None,
        overwrite: bool = False,
        progress: Callback | None = None,
    ) -> Sequence[Path]:
        """Fetch a version's files into the folder ``to``, at their places; where they are.

        ``path`` is one file, or a folder of the dataset. What was cut off goes on
        where it ended, what is there already is left, and each file's SHA-256 is
        checked. Refuses to replace a file of other content unless ``overwrite``.
        """
        number = self._newest(dataset_id) if version is None else version
        files = sorted(self.files(dataset_id, version=number), key=lambda file: file.path)
        if path is not None:
            files = [each for each in files if f"{each.path}/".startswith(f"{path.rstrip('/')}/")]
            if not files:
                sentence = f"Version {number} of dataset {dataset_id} has no “{path}”."
                raise LyceumError("no_such_file", sentence, "path")
        return download(
            self._transport,
            _files(dataset_id, number),
            files,
            folder=Path(to),
            overwrite=overwrite,
            progress=progress,
        )

    def edit(self, dataset_id: int, **fields: Any) -> Dataset:
        """Change ``name``, ``summary``, ``description``, ``licence``, ``source``, ``tags``
        or ``visibility``; what is not given stays."""
        return self._dataset("PATCH", f"/datasets/{dataset_id}", json=fields, again=True)

    def delete(self, dataset_id: int, *, typed_name: str) -> None:
        """Put it into the trash for 30 days; ``typed_name`` is its name, to be sure."""
        query = {"typed_name": typed_name}
        self._transport.json("DELETE", f"/datasets/{dataset_id}", params=query)

    def trash(self) -> Sequence[Dataset]:
        return [Dataset.read(each) for each in self._transport.json("GET", "/datasets/trash")]

    def restore(self, dataset_id: int) -> Dataset:
        """Take it out of the trash."""
        return self._dataset("POST", f"/datasets/{dataset_id}/restoration")

    def favourite(self, dataset_id: int, on: bool = True) -> int:
        """Mark it, or take the mark away; how many have marked it then."""
        told = self._transport.json("PUT" if on else "DELETE", f"/datasets/{dataset_id}/favourite")
        return told["favourite_count"]

    def comments(self, dataset_id: int) -> Iterator[Comment]:
        """The newest first."""
        return map(Comment.read, self._transport.pages(f"/datasets/{dataset_id}/comments"))

    def add_comment(self, dataset_id: int, text: str) -> Comment:
        """``text`` is Markdown."""
        asked = {"text": text}
        path = f"/datasets/{dataset_id}/comments"
        return Comment.read(self._transport.json("POST", path, json=asked))

    def delete_comment(self, dataset_id: int, comment_id: int) -> None:
        self._transport.json("DELETE", f"/datasets/{dataset_id}/comments/{comment_id}")

    def quota(self) -> Quota:
        """Your space for datasets."""
        return Quota.read(self._transport.json("GET", "/datasets/quota"))

    def unpack(
        self,
        dataset_id: int,
        path: str,
        *,
        version: int | None = None,
        wait: bool = True,
        progress: Callable[[Unpacking], None] | None = None,
    ) -> Unpacking:
        """Unpack the archive at ``path`` into the next version.

        Waits for its end, telling ``progress`` on the way, unless ``wait`` is false;
        raises ``LyceumError`` with the reason's code when it failed.
        """
        unpackings = f"/datasets/{dataset_id}/unpackings"
        asked = {"path": path, "version": version}
        now = Unpacking.read(self._transport.json("POST", unpackings, json=asked))
        while wait and not now.is_over:
            time.sleep(_POLL_SECONDS)
            now = Unpacking.read(self._transport.json("GET", f"{unpackings}/{now.id}"))
            if progress:
                progress(now)
        if wait and now.state != "done":
            raise LyceumError(now.code or now.state, now.message or "It was cancelled.")
        return now

    def _dataset(self, method: str, path: str, **request: Any) -> Dataset:
        return Dataset.read(self._transport.json(method, path, **request))

    def _newest(self, dataset_id: int) -> int:
        newest = self.get(dataset_id).newest_version
        if newest is None:
            raise LyceumError("no_files", f"Dataset {dataset_id} has no files yet.")
        return newest

    def _made_since(self, before: int, name: str) -> Dataset | None:
        for each in self.list(tab="mine"):
            if each.id <= before:
                return None
            if each.name == name.strip():
                return self.get(each.id)
        return None


def _files(dataset_id: int, number: int) -> str:
    return f"/datasets/{dataset_id}/versions/{number}/files"
