"""Serve the environment's VisualDL (1.3 or 2.x) on loopback, under a public path.

Runs inside the sandbox in the environment's interpreter (2.7 to 3.13). What
VisualDL lacks, each for its version, is added around it here, so that whoever
proxies to it needs to know nothing: requests may come with the public path or
with it already taken off.
"""

from __future__ import print_function

import argparse
import io
import json
import os
import re
import sys

# Both keep answers for 20 s, so a first curve would be late; one learner looks.
_CACHE_SECONDS = 3

# Material Icons (Apache 2.0), the icons that VisualDL 1.3's page names.
_ICONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "material-icons.woff")
_STYLE = """<style>
@font-face {font-family: "Material Icons"; src: url("%s/static/material-icons.woff")}
.material-icons {font: normal 24px/1 "Material Icons"; letter-spacing: normal;
  text-transform: none; display: inline-block; white-space: nowrap; direction: ltr;
  font-feature-settings: "liga"; -webkit-font-smoothing: antialiased}
</style></head>"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--logdir", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public-path", default="/visualdl")
    options = parser.parse_args()
    public_path = options.public_path.rstrip("/")
    try:
        from visualdl.server.args import ParseArgs
    except ImportError:
        application, threaded = first_generation(options.logdir, public_path), True
    else:
        # Its readers of logs share state: it serves one request at a time itself.
        application, threaded = second_generation(ParseArgs, options.logdir, public_path), False
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", options.port, application, threaded=threaded)


def second_generation(parse_arguments, logdir, public_path):
    """VisualDL 2: knows public paths, fails without a language, sends statistics."""
    from visualdl.server import app as server

    server.get_component_tabs = _ordered(server.get_component_tabs)
    arguments = parse_arguments(
        logdir=[logdir],
        host="127.0.0.1",
        public_path=public_path,
        cache_timeout=_CACHE_SECONDS,
        telemetry=False,
    )
    application = server.create_app(arguments).wsgi_app

    def serve(environ, start_response):
        path = environ.get("PATH_INFO", "")
        if not _is_below(path, public_path):
            environ["PATH_INFO"] = public_path + "/" + path.lstrip("/")
        environ["HTTP_ACCEPT_LANGUAGE"] = _language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        return application(environ, start_response)

    return serve


def _ordered(component_tabs):
    """Its page opens the first tab, and its tabs come in a set's random order."""

    def ordered(*arguments, **options):
        answer, kind, headers = component_tabs(*arguments, **options)
        content = json.loads(answer)
        content["data"].sort(key=lambda tab: (tab != "scalar", tab == "static_graph", tab))
        return json.dumps(content), kind, headers

    return ordered


def first_generation(logdir, public_path):
    """VisualDL 1.3: its page asks for absolute addresses and for other hosts' scripts."""
    from visualdl import ROOT

    server = _load_first_generation(logdir)
    files = os.path.join(ROOT, "server", "dist")

    def serve(environ, start_response):
        path = environ.get("PATH_INFO", "")
        if _is_below(path, public_path):
            path = path[len(public_path) :]
        if path.strip("/") in ("", "index"):
            location = public_path + "/static/index.html"
            start_response("302 Found", [("Location", location), ("Content-Length", "0")])
            return [b""]
        name = os.path.join(files, os.path.basename(path))
        if path == "/static/material-icons.woff":
            return _answer(_read(_ICONS), "font/woff", start_response)
        if path == "/static/index.html":
            return _answer(_page(_read(name), public_path), "text/html", start_response)
        if re.match(r"/static/index\.\w+\.js$", path) and os.path.isfile(name):
            script = _script(_read(name), public_path)
            return _answer(script, "application/javascript", start_response)
        environ["SCRIPT_NAME"] = public_path
        environ["PATH_INFO"] = path
        return server.app.wsgi_app(environ, start_response)

    return serve


def _load_first_generation(logdir):
    """The program ``visualdl`` of 1.3 as a module: there is no importable server."""
    import imp

    program = os.path.join(sys.prefix, "bin", "visualdl")
    sys.argv = [program, "--logdir", logdir, "--cache_timeout", str(_CACHE_SECONDS)]
    sys.dont_write_bytecode = True
    return imp.load_source("visualdl_program", program)


def _page(content, public_path):
    """The page, asking nobody but us: other hosts are slow, absent or curious."""
    content = re.sub(r"<(link|script)[^>]*https://[^>]*>(\s*</script>)?", "", content)
    return content.replace("</head>", _STYLE % public_path)


def _script(content, public_path):
    content = re.sub(r"https://fonts\.googleapis\.com/css[^\"')]*", "data:text/css,", content)
    return content.replace('"/data/', '"%s/data/' % public_path)


def _read(name):
    """The file as text that keeps every byte."""
    with io.open(name, encoding="latin-1", newline="") as file:
        return file.read()


def _answer(content, kind, start_response):
    body = content.encode("latin-1")
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _is_below(path, public_path):
    return path == public_path or path.startswith(public_path + "/")


def _language(accepted):
    """VisualDL 2 answers 500 to a reader who accepts neither of its two languages."""
    return accepted if re.search(r"\b(zh|en)\b", accepted) else "en"


if __name__ == "__main__":
    main()
