import os

from django.core.asgi import get_asgi_application

from lyceum import previews
from lyceum.portal.sending import sending_files

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lyceum.portal.settings")
application = sending_files(get_asgi_application())
previews.warm_up()
