"""Tasks in the administration: shown, not changed."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.tasks.models import CpuUse
from tests.tasks.making import make_task


def test_operators_see_tasks_and_their_use_and_change_neither(lin, cluster, client: Client):
    client.force_login(User.objects.create_superuser("root"))
    task = make_task(cluster, note="three trainers")
    CpuUse.objects.create(user=lin, day=timezone.now().date(), seconds=12.0)
    tasks = client.get(reverse("admin:tasks_task_changelist"), {"q": str(task.pk)})
    assert b"three trainers" in tasks.content
    assert b"12.0" in client.get(reverse("admin:tasks_cpuuse_changelist")).content
    page = client.get(reverse("admin:tasks_task_change", args=[task.pk]))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert client.get(reverse("admin:tasks_task_add")).status_code == 403
