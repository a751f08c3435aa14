from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "lyceum.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from django.apps import apps
        from django.contrib.auth.signals import user_logged_out
        from django.db.models.signals import post_migrate

        from lyceum.accounts import oauth

        post_migrate.connect(oauth.register_hub, sender=apps.get_app_config("oauth2_provider"))
        user_logged_out.connect(oauth.end_hub_login_on_logout)
