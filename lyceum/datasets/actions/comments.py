"""Comments under a dataset."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Forbidden, NotFound
from lyceum.common.text import clean_text
from lyceum.datasets.models import Comment
from lyceum.datasets.queries import get_dataset
from lyceum.notifications.actions import notify
from lyceum.notifications.models import NotificationKind

LONGEST = 5000


def add_comment(user: User, dataset_id: int, *, text: str) -> Comment:
    """Say something under a dataset that ``user`` can see; Markdown."""
    dataset = get_dataset(user, dataset_id)
    text = clean_text(text, field="text", longest=LONGEST, required=True)
    with transaction.atomic():
        comment = Comment.objects.create(dataset=dataset, author=user, text=text)
        notify(
            [dataset.owner_id],
            NotificationKind.COMMENTED,
            actor=user,
            link=f"/datasets/{dataset.pk}/",
            title=dataset.name,
        )
    return comment


def delete_comment(user: User, dataset_id: int, comment_id: int) -> None:
    """Remove a comment: its author may, and an administrator.

    Raises ``NotFound`` and ``Forbidden``.
    """
    dataset = get_dataset(user, dataset_id)
    comment = dataset.comments.filter(pk=comment_id).first()
    if comment is None:
        raise NotFound("no_such_comment", _("There is no such comment."))
    if comment.author_id != user.pk and not user.is_staff:
        raise Forbidden(
            "not_author", _("Only its author and administrators can remove a comment.")
        )
    comment.delete()
