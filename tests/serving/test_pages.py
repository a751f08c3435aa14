"""The pages of prediction services, as the portal answers them."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from lyceum.serving import actions, lifecycle
from lyceum.serving.fields import field
from lyceum.serving.models import Draft, Service
from lyceum.serving.pages import watching
from tests.projects.making import make_project
from tests.serving.making import (
    CONVERTER,
    FOLDER,
    INPUTS,
    MAIN,
    OUTPUTS,
    inspect,
    make_draft,
    make_service,
    ready_draft,
    write,
    write_model,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(lin) -> Client:
    return signed_in(lin)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(name: str, thing: Draft | Service, *more: object) -> str:
    return reverse(f"serving:{name}", args=[thing.project_id, thing.pk, *more])


def row(where: str, *fields: dict) -> dict[str, list[str]]:
    """A table of parameters as the wizard's second step sends it."""
    names = ("name", "type", "default", "minimum", "maximum", "description")
    columns = {
        f"{where}.{name}": ["" if each.get(name) is None else str(each[name]) for each in fields]
        for name in names
    }
    required = [str(index) for index, each in enumerate(fields) if each["required"]]
    return {**columns, f"{where}.required": required}


def test_services_are_their_owners_alone(client, lin, amy, project) -> None:
    service = make_service(lin, project)
    draft = make_draft(lin, project)
    pages = [
        reverse("serving:services", args=[project.pk]),
        at("service", service),
        at("logs", service),
        at("openapi", service),
        at("draft", draft, 1),
    ]
    for page in pages:
        assert client.get(page).status_code == 200
        assert signed_in(amy).get(page).status_code in (403, 404)
        assert Client().get(page).status_code == 302
    other = make_project(lin, name="Another")
    wrong = reverse("serving:service", args=[other.pk, service.pk])
    assert client.get(wrong).status_code == 404


def test_only_notebooks_offer_services(client, lin, project) -> None:
    services = reverse("serving:services", args=[project.pk])
    assert services in client.get(reverse("projects:detail", args=[project.pk])).content.decode()
    project.kind = "cluster"
    project.save()
    assert client.get(services).status_code == 409
    page = client.get(reverse("projects:detail", args=[project.pk])).content.decode()
    assert services not in page


def test_a_draft_nobody_has_touched_is_gone_on_with(client, lin, project) -> None:
    new = reverse("serving:new", args=[project.pk])
    first = client.post(new).url
    assert client.post(new).url == first
    draft = Draft.objects.get()
    client.post(first, {"do": "save", "files": []})
    actions.save_draft(lin, draft.pk, name="Mine")
    assert client.post(new).url != first


def test_a_draft_can_begin_with_a_service(client, lin, project) -> None:
    service = make_service(lin, project)
    address = client.post(reverse("serving:new", args=[project.pk]) + f"?from={service.pk}").url
    draft = Draft.objects.get(pk=address.rstrip("/").split("/")[-2])
    assert (draft.files, draft.main_program, draft.converter) == ([FOLDER], MAIN, CONVERTER)


def test_models_that_are_there_are_offered(client, lin, project) -> None:
    write_model(project)
    write(project, ".hidden/__model__")
    draft = actions.create_draft(lin, project.pk)
    page = client.get(at("draft", draft, 1)).content.decode()
    assert f'value="pick:{MAIN}"' in page
    assert ".hidden" not in page
    # What can't be loaded here is chosen all the same, and the page says why.
    answer = client.post(at("draft", draft, 1), {"do": f"pick:{MAIN}"})
    assert answer.status_code == 422
    assert "can&#x27;t load a Paddle Fluid model" in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.files, draft.main_program, draft.kind) == ([FOLDER], MAIN, "fluid")
    write(project, "net.onnx")
    answer = client.post(at("draft", draft, 1), {"do": "pick:net.onnx"})
    assert "is not prepared yet" in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.files, draft.kind) == (["net.onnx"], "onnx")


def test_the_same_files_said_otherwise_need_no_new_check(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    said = [f"{FOLDER}/{name}" for name in ("__model__", "fc_0.w_0", "fc_0.b_0")]
    answer = client.post(
        at("draft", draft, 1), {"do": "next", "files": said, "main_program": MAIN}
    )
    assert answer.url == at("draft", draft, 2)
    answer = client.post(at("draft", draft, 1), {"do": "save", "files": said[:2]})
    draft.refresh_from_db()
    assert draft.inspection == {}


def test_the_main_program_follows_what_is_checked(client, lin, project) -> None:
    write(project, "net.onnx")
    write_model(project)
    write(project, "model.bin")
    draft = actions.create_draft(lin, project.pk)
    choice = client.post(at("draft_model", draft), {"files": ["net.onnx"]}).content.decode()
    assert "ONNX" in choice
    choice = client.post(
        at("draft_model", draft), {"files": [FOLDER, "model.bin"], "main_program": "model.bin"}
    ).content.decode()
    assert 'name="kind"' in choice
    draft.refresh_from_db()
    assert draft.files == []


def test_parameters_are_typed_and_kept_as_typed(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    typed = [
        field("CRIM", default=" 0.5 ", minimum="-1", maximum="2"),
        field("names", "array", required=False, default='["a"]'),
        field("word", "string", default="7"),
        field("wrong", "integer", default="many"),
    ]
    sent = {**row("inputs", *typed), **row("outputs", *OUTPUTS)}
    answer = client.post(at("draft", draft, 2), {"do": "next", **sent})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="many"' in page
    assert "is not of the type integer" in page
    draft.refresh_from_db()
    assert [each["default"] for each in draft.inputs] == [0.5, ["a"], "7", "many"]
    assert [each["required"] for each in draft.inputs] == [True, False, True, True]
    assert (draft.inputs[0]["minimum"], draft.inputs[0]["maximum"]) == (-1, 2)
    typed[3]["default"] = "3"
    sent = {**row("inputs", *typed), **row("outputs", *OUTPUTS)}
    assert client.post(at("draft", draft, 2), {"do": "next", **sent}).url == at("draft", draft, 3)


def test_rows_come_and_go(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    address = at("draft", draft, 2)
    sent = {**row("inputs", *INPUTS), **row("outputs", *OUTPUTS)}
    page = client.post(address, {"do": "add:outputs", **sent}).content.decode()
    assert page.count('name="outputs.name"') == 2
    page = client.post(address, {"do": "remove:inputs:0", **sent}).content.decode()
    assert page.count('name="inputs.name"') == 1
    page = client.post(address, {"do": "many", "many": "CRIM, RM，LSTAT", **sent}).content.decode()
    assert page.count('name="inputs.name"') == 4
    client.post(address, {"do": "prefill", **sent})
    draft.refresh_from_db()
    assert [each["name"] for each in draft.inputs] == ["x"]


def test_nan_is_no_bound(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    sent = row("inputs", field("x", minimum="NaN"))
    answer = client.post(at("draft", draft, 2), {"do": "next", **sent})
    assert answer.status_code == 422
    assert "A number, please." in answer.content.decode()


def test_what_is_no_json_stays_in_the_editor(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    sent = {"do": "save", "use_converter": "yes", "converter": "# mine", "sample": '{"CRIM": NaN}'}
    answer = client.post(at("draft", draft, 3), sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "{&quot;CRIM&quot;: NaN}" in page
    assert "# mine" in page
    draft.refresh_from_db()
    assert draft.converter == "# mine"


def test_converters_begin_with_the_models_own(client, lin, project) -> None:
    draft = ready_draft(lin, project, converter="")
    page = client.get(at("draft", draft, 3)).content.decode()
    assert "fluid.layers.data(name=&quot;x&quot;" in page
    assert "base64_to_image" in page
    assert 'id="template-guide"' in page


def test_a_trial_says_why_it_can_not_begin(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    sent = {"use_converter": "yes", "converter": CONVERTER, "sample": '{"CRIM": "x"}'}
    answer = client.post(at("draft_trial", draft), sent, headers={"HX-Request": "true"})
    assert "CRIM must be of type float" in answer.content.decode()


def test_a_failed_trial_names_the_line(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    draft.trial = {
        "state": "failed",
        "message": "KeyError: 'RM'",
        "traceback": 'File "/serving/bundle/converter.py", line 2, in f\n'
        'File "/serving/bundle/converter.py", line 7, in reader',
    }
    draft.save()
    page = client.get(at("draft", draft, 3)).content.decode()
    assert 'data-mark-line="7"' in page
    assert "KeyError: &#x27;RM&#x27;" in page


def test_a_new_services_key_is_shown_once(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    answer = client.post(at("draft", draft, 4), {"do": "deploy", "name": "First"})
    service = Service.objects.get()
    assert answer.url == at("service", service)
    page = client.get(answer.url).content.decode()
    prefix = service.keys.get().prefix
    key = page.split('id="new-key">')[1].split("<")[0]
    assert key.startswith(prefix)
    assert len(key) > len(prefix)
    assert f"apiKey={key}" in page
    again = client.get(answer.url).content.decode()
    assert key not in again
    assert "YOUR_API_KEY" in again


def test_a_service_needs_a_name(client, lin, project) -> None:
    draft = ready_draft(lin, project)
    answer = client.post(at("draft", draft, 4), {"do": "deploy", "name": " "})
    assert answer.status_code == 422
    assert "Give the service a name." in answer.content.decode()
    assert not Service.objects.exists()


def test_a_sixth_sandbox_service_is_refused(client, lin, project) -> None:
    for number in range(5):
        make_service(lin, project, name=f"S{number}")
    draft = ready_draft(lin, project)
    page = client.get(at("draft", draft, 4)).content.decode()
    assert "There is no place left." in page
    answer = client.post(at("draft", draft, 4), {"do": "deploy", "name": "Sixth"})
    assert answer.status_code == 422
    assert "at most 5 sandbox services" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.name == "Sixth"
    listed = client.get(reverse("serving:services", args=[project.pk])).content.decode()
    assert "5 of 5" in listed


def test_keys_are_made_changed_replaced_and_revoked(client, lin, project) -> None:
    service = make_service(lin, project)
    answer = client.post(at("new_key", service), {"name": "", "rate_per_minute": "60"})
    assert answer.status_code == 422
    answer = client.post(at("new_key", service), {"name": "App", "rate_per_minute": "60"})
    page = client.get(answer.url).content.decode()
    made = service.keys.get(name="App")
    assert 'id="new-key"' in page
    client.post(at("edit_key", service, made.pk), {"rate_per_minute": "90"})
    made.refresh_from_db()
    assert made.rate_per_minute == 90
    client.post(at("rotate_key", service, made.pk))
    assert service.keys.filter(name="App").count() == 2
    client.post(at("revoke_key", service, made.pk))
    made.refresh_from_db()
    assert made.revoked is not None


def test_the_online_service_is_put_up_and_brought_back(client, lin, project) -> None:
    first, second = (make_service(lin, project, name=name) for name in ("A", "B"))
    answer = client.post(at("promote", first))
    online = Service.objects.get(stage="online")
    assert answer.url == at("service", online)
    assert 'id="new-key"' in client.get(answer.url).content.decode()
    client.post(at("promote", second))
    online.refresh_from_db()
    assert online.revision == second.revision
    client.post(at("bring_back", online))
    online.refresh_from_db()
    assert online.revision == first.revision


def test_services_sleep_wake_and_go(client, lin, project) -> None:
    service = make_service(lin, project)
    assert client.post(at("pause", service)).url == at("service", service)
    assert (
        "Calls are refused until you wake it."
        in client.get(at("service", service)).content.decode()
    )
    listed = reverse("serving:services", args=[project.pk])
    assert client.post(at("wake", service), {"from": "list"}).url == listed
    assert 'hx-trigger="every 2s"' in client.get(listed).content.decode()
    client.post(at("stop", service))
    service.refresh_from_db()
    assert service.state == "stopped"
    assert client.post(at("delete", service)).url == listed
    assert client.get(at("service", service)).status_code == 404


def test_why_a_service_failed_is_shown(client, lin, project) -> None:
    service = make_service(lin, project, state="failed")
    service.reason, service.detail = "load_failed", "RuntimeError: <no such file>"
    service.save()
    page = client.get(at("service", service)).content.decode()
    assert "RuntimeError: &lt;no such file&gt;" in page
    assert "could not be loaded" in page


def test_what_a_service_that_is_being_deployed_waits_for_is_shown(client, lin, project) -> None:
    service = make_service(lin, project, state="deploying")
    loading = "The model is being loaded in its sandbox."
    assert loading in client.get(at("state", service)).content.decode()
    lifecycle.note_build(service.pk, service.revision_id, 0.37)
    pages = [at("state", service), reverse("serving:services", args=[project.pk])]
    for page in pages:
        shown = client.get(page).content.decode()
        assert "its environment is being prepared (37%)" in shown
        assert loading not in shown and "What happened" not in shown
        chinese = client.get(page, headers={"Accept-Language": "zh-CN"}).content.decode()
        assert "正在准备项目环境（37%）" in chinese


def test_settings_keep_what_was_typed(client, lin, project) -> None:
    service = make_service(lin, project)
    sent = {"name": "New name", "wake_on_call": "on", "replicas_min": "3", "replicas_max": "2"}
    answer = client.post(at("settings", service), sent)
    assert answer.status_code == 422
    assert "fewer than the least" in answer.content.decode()
    client.post(at("settings", service), {**sent, "replicas_max": "4"})
    service.refresh_from_db()
    assert (service.name, service.wake_on_call, service.redact_errors) == ("New name", True, False)
    assert (service.replicas_min, service.replicas_max) == (3, 4)


def test_pages_say_that_the_gateway_is_away(client, lin, project) -> None:
    service = make_service(lin, project)
    for name in ("metrics", "errors"):
        answer = client.get(at(name, service))
        assert answer.status_code == 200
        assert "The gateway does not answer" in answer.content.decode()
    answer = client.post(at("test", service), {"body": "{}"}, headers={"HX-Request": "true"})
    assert answer.status_code == 503
    assert "lyceum:toast" in answer["HX-Trigger"]


def test_the_api_describes_the_services_parameters(client, lin, project) -> None:
    service = make_service(lin, project)
    document = json.loads(client.get(at("openapi", service)).content)
    assert any(service.path in path for path in document["paths"])
    assert "CRIM" in json.dumps(document)


def test_a_log_is_cut_between_letters(tmp_path, monkeypatch) -> None:
    log = tmp_path / "log"
    log.write_bytes("价格 23\n".encode())

    class Engine:
        def log_path(self, run_id: str):
            return log

    class Run:
        run_id = "one"

    monkeypatch.setattr(watching, "engine_of", lambda _run_id: Engine())
    told, offset = "", 0
    while offset < log.stat().st_size:
        text, offset = watching._read(Run, offset, 4)
        told += text
    assert told == "价格 23\n"


def test_pages_speak_chinese(client, lin, project) -> None:
    draft = inspect(make_draft(lin, project))
    service = make_service(lin, project)
    for page, word in (
        (at("draft", draft, 1), "模型加载成功"),
        (at("draft", draft, 4), "生成沙盒"),
        (at("service", service), "服务地址"),
        (reverse("serving:services", args=[project.pk]), "草稿箱"),
    ):
        answer = client.get(page, headers={"Accept-Language": "zh-CN"})
        assert word in answer.content.decode()
