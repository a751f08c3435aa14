from django.urls import path

from lyceum.serving.pages import calling, keys, services, trying, watching, wizard, writes

app_name = "serving"

_SERVICES = "projects/<int:project_id>/services/"
_DRAFT = _SERVICES + "drafts/<int:draft_id>/"
_SERVICE = _SERVICES + "<int:service_id>/"

urlpatterns = [
    path(_SERVICES, services.services, name="services"),
    path(_SERVICES + "new/", services.new, name="new"),
    path(_DRAFT + "<int:step>/", wizard.step, name="draft"),
    path(_DRAFT + "model/", trying.model, name="draft_model"),
    path(_DRAFT + "inspection/", trying.inspection, name="draft_inspection"),
    path(_DRAFT + "trial/", trying.trial, name="draft_trial"),
    path(_DRAFT + "delete/", services.delete_draft, name="delete_draft"),
    path(_SERVICE, calling.overview, name="service"),
    path(_SERVICE + "state/", calling.state, name="state"),
    path(_SERVICE + "test/", calling.test, name="test"),
    path(_SERVICE + "openapi.json", calling.openapi, name="openapi"),
    path(_SERVICE + "logs/", watching.logs, name="logs"),
    path(_SERVICE + "logs/more/", watching.more_log, name="more_log"),
    path(_SERVICE + "logs/download/", watching.download_log, name="download_log"),
    path(_SERVICE + "metrics/", watching.metrics, name="metrics"),
    path(_SERVICE + "errors/", watching.errors, name="errors"),
    path(_SERVICE + "settings/", writes.change, name="settings"),
    path(_SERVICE + "keys/new/", keys.new, name="new_key"),
    path(_SERVICE + "keys/<int:key_id>/", keys.change, name="edit_key"),
    path(_SERVICE + "keys/<int:key_id>/rotate/", keys.rotate, name="rotate_key"),
    path(_SERVICE + "keys/<int:key_id>/revoke/", keys.revoke, name="revoke_key"),
    path(_SERVICE + "promote/", writes.promote, name="promote"),
    path(_SERVICE + "bring-back/", writes.bring_back, name="bring_back"),
    path(_SERVICE + "wake/", writes.wake, name="wake"),
    path(_SERVICE + "pause/", writes.pause, name="pause"),
    path(_SERVICE + "stop/", writes.stop, name="stop"),
    path(_SERVICE + "delete/", writes.delete, name="delete"),
]
