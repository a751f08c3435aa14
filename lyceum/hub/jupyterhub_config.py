"""JupyterHub's configuration: ``jupyterhub -f lyceum/hub/jupyterhub_config.py``."""

from pathlib import Path

from traitlets.config import get_config

from lyceum.config import settings as lyceum_settings
from lyceum.engine import local_engine
from lyceum.hub import server
from lyceum.hub.login import PortalAuthenticator
from lyceum.hub.pool import Pool
from lyceum.hub.proxy import NotebookHostProxy
from lyceum.hub.spawner import LyceumSpawner

settings = lyceum_settings()
secrets = settings.secrets()
data = settings.root / "hub"
data.mkdir(parents=True, exist_ok=True, mode=0o700)
portal = f"http://127.0.0.1:{settings.portal_port}"

c = get_config()

c.JupyterHub.bind_url = f"http://127.0.0.1:{settings.port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"
c.JupyterHub.public_url = settings.notebook_url + "/"
c.JupyterHub.db_url = f"sqlite:///{data / 'hub.sqlite3'}"
c.JupyterHub.cookie_secret = bytes.fromhex(secrets.hub_cookie_secret)
c.CryptKeeper.keys = [bytes.fromhex(secrets.hub_crypt_key)]
c.JupyterHub.template_paths = [str(Path(__file__).parent / "templates")]
c.JupyterHub.template_vars = {"portal_url": settings.portal_url}

# Servers and the front door outlive the hub (docs/architecture.md).
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.proxy_class = NotebookHostProxy
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.proxy_api_port}"
c.ConfigurableHTTPProxy.auth_token = secrets.proxy_token
c.NotebookHostProxy.notebook_host = settings.notebook_host
c.Proxy.extra_routes = {"/content/": portal}
# Each round also compares the front door's routes with ours: one that was
# killed and started again without routes has them back after this long.
c.JupyterHub.last_activity_interval = 3
c.JupyterHub.log_level = "DEBUG" if settings.debug else "INFO"

c.JupyterHub.allow_named_servers = True
c.JupyterHub.spawner_class = LyceumSpawner
c.LyceumSpawner.portal_url = portal
c.LyceumSpawner.portal_token = secrets.internal_token
c.LyceumSpawner.poll_interval = 5
server.compile_ahead()
if settings.warm_pool and settings.sandbox == "on":
    LyceumSpawner.pool = Pool(local_engine(), data, size=settings.warm_pool)
    LyceumSpawner.pool.open()
# Twenty starts at once on two cores take a minute or more to answer.
c.Spawner.start_timeout = 240
c.Spawner.http_timeout = 60
c.Spawner.consecutive_failure_limit = 0
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}

c.JupyterHub.authenticator_class = PortalAuthenticator
c.Authenticator.auto_login = True
c.Authenticator.allow_all = True
c.Authenticator.enable_auth_state = True
c.Authenticator.auth_refresh_age = 30
c.Authenticator.refresh_pre_spawn = False
c.OAuthenticator.client_id = "lyceum-hub"
c.OAuthenticator.client_secret = secrets.oauth_client_secret
c.OAuthenticator.enable_pkce = True
c.OAuthenticator.scope = ["identify"]
c.OAuthenticator.oauth_callback_url = f"{settings.notebook_url}/hub/oauth_callback"
c.OAuthenticator.authorize_url = f"{settings.portal_url}/o/authorize/"
c.OAuthenticator.token_url = f"{portal}/o/token/"
c.OAuthenticator.userdata_url = f"{portal}/internal/hub/userinfo"
c.OAuthenticator.username_claim = "username"
c.OAuthenticator.logout_redirect_url = f"{settings.portal_url}/accounts/logout/"

# A learner may open their own servers and see them start. What they try to start
# themselves the portal refuses, as it alone knows what may run (spawner.py). The
# key inside a sandbox (role "server") may report activity and ask who knocks.
c.JupyterHub.load_roles = [
    {
        "name": "user",
        "scopes": [
            "access:servers!user",
            "servers!user",
            "users:activity!user",
            "read:users:name!user",
            "read:users:groups!user",
        ],
    },
    {
        "name": "portal",
        # access:servers: the dispatcher asks servers whether a kernel is busy.
        "scopes": [
            "admin:users",
            "admin:servers",
            "admin:server_state",
            "access:servers",
            "list:users",
            "read:hub",
        ],
        "services": ["portal"],
    },
]
c.JupyterHub.services = [{"name": "portal", "api_token": secrets.hub_api_token}]
