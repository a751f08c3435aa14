"""From files on this machine to a dataset or its next version, whatever happens between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lyceum.sdk import ledger, tus
from lyceum.sdk.errors import LyceumError
from lyceum.sdk.ledger import Entry, Ledger
from lyceum.sdk.local_files import LocalFile
from lyceum.sdk.models import Draft, Quota
from lyceum.sdk.parallel import SMALL, Parallel
from lyceum.sdk.progress import Callback, Meter
from lyceum.sdk.transport import Transport

Made = TypeVar("Made")


@dataclass(frozen=True)
class Order:
    """What to make of which files.

    ``target`` names it among this machine's unfinished uploads, with the same words
    for the same command. ``dataset_id`` is ``None`` for a new dataset. ``remove`` are
    paths of the newest version that the next one leaves out.
    """

    target: str
    files: Sequence[LocalFile]
    dataset_id: int | None = None
    remove: Sequence[str] = ()
    discard: bool = False


def send(
    transport: Transport,
    order: Order,
    *,
    place: Path,
    newest: Callable[[], int],
    make: Callable[[str], Made],
    made_since: Callable[[int], Made | None],
    progress: Callback | None,
) -> Made:
    """Upload the files of ``order`` and make what it is about.

    ``newest()`` tells the newest dataset (or version), ``make(draft)`` asks for the
    next, ``made_since(before)`` finds it where the answer to that got lost. Raises
    ``LyceumError``; the same order then continues what was sent.
    """
    target = f"{transport.address} {order.target}"
    with ledger.opened(place, target) as book:
        entry = book.entry
        draft = _continued(transport, entry) if entry else None
        made = made_since(entry.before) if entry and entry.is_asking and not draft else None
        if made is None:
            if draft is None or entry is None:
                _check_quota(transport, order.files)
                draft = _new_draft(transport, order)
                entry = book.begin(draft.id, newest())
            _choose(transport, order, draft)
            _send_files(transport, order.files, draft, book, entry, progress)
            made = _make(transport, book, entry, make, made_since)
        book.forget()
        return made


def _continued(transport: Transport, entry: Entry) -> Draft | None:
    """The draft that this machine remembers, if the platform still has it."""
    try:
        return Draft.read(transport.json("GET", f"/dataset-drafts/{entry.draft}"))
    except LyceumError as refused:
        if refused.status != 404:
            raise
        return None


def _new_draft(transport: Transport, order: Order) -> Draft:
    draft = _open(transport, order)
    if draft.uploads or draft.removed:
        if not order.discard:
            raise LyceumError(
                "draft_in_use",
                "Changes of this dataset were begun elsewhere and not finished. Finish or "
                "discard them on its page, or discard them here.",
            )
        transport.json("DELETE", f"/dataset-drafts/{draft.id}")
        draft = _open(transport, order)
    return draft


def _open(transport: Transport, order: Order) -> Draft:
    asked = {"dataset_id": order.dataset_id}
    return Draft.read(transport.json("POST", "/dataset-drafts", json=asked))


def _check_quota(transport: Transport, files: Sequence[LocalFile]) -> None:
    """Refuse before hours of sending rather than after."""
    left = Quota.read(transport.json("GET", "/datasets/quota")).left
    needed = sum(file.size for file in files)
    if needed > left:
        raise LyceumError(
            "quota_exceeded",
            f"Not enough space: the files have {needed:,} bytes and {left:,} of your dataset "
            "space are left. Delete what you no longer need.",
            field="files",
        )


def _choose(transport: Transport, order: Order, draft: Draft) -> None:
    """Make the draft hold what this order says: an earlier one may have said otherwise."""
    removals = f"/dataset-drafts/{draft.id}/removals"
    wanted = {file.path for file in order.files}
    for upload in draft.uploads:
        if upload.path not in wanted:
            transport.json("POST", removals, json={"path": upload.path}, again=True)
    for path in sorted(set(draft.removed) - set(order.remove)):
        transport.json("DELETE", removals, params={"path": path})
    for path in sorted(set(order.remove) - set(draft.removed)):
        try:
            transport.json("POST", removals, json={"path": path}, again=True)
        except LyceumError as refused:
            if refused.code != "no_such_file":
                raise
            sentence = f"The newest version has no file “{path}”."
            raise LyceumError(refused.code, sentence, "remove", refused.status) from None


def _send_files(
    transport: Transport,
    files: Sequence[LocalFile],
    draft: Draft,
    book: Ledger,
    entry: Entry,
    progress: Callback | None,
) -> None:
    """Small ones several at once, as each mostly waits; then large ones, whose bytes don't."""
    there = {upload.id: upload for upload in draft.uploads}
    meter = Meter(progress, total=sum(file.size for file in files), files=len(files))
    parallel = Parallel()

    def remember(file: LocalFile, url: str) -> None:
        book.remember(entry, file, url, now=file.size > SMALL)

    def send_one(file: LocalFile) -> None:
        before = entry.files.get(file.path)
        known = before if before and before.is_of(file) else None
        upload = there.get(known.upload_id) if known else None
        if upload and upload.is_finished:
            meter.begin(file.path, there=file.size).end()
            return
        part = meter.begin(file.path)
        sending = tus.Sending(transport, draft.id, file, meter=part, remember=remember)
        sending.run(known.url if known and upload else None, stop=parallel.stop)

    parallel.each(send_one, [file for file in files if file.size <= SMALL])
    for file in files:
        if file.size > SMALL:
            send_one(file)


def _make(
    transport: Transport,
    book: Ledger,
    entry: Entry,
    make: Callable[[str], Made],
    made_since: Callable[[int], Made | None],
) -> Made:
    """Ask for it until there is an answer; asking may have worked without one."""
    entry.is_asking = True
    book.save()
    backoff = transport.backoff()
    while True:
        try:
            return make(entry.draft)
        except LyceumError as refused:
            if refused.code in ("no_such_draft", "draft_used") or refused.status == 404:
                made = made_since(entry.before)
                if made is not None:
                    return made
                raise
            if refused.code != "unreachable" and (refused.status or 0) < 500:
                entry.is_asking = False
                raise
            backoff.pause(refused)
