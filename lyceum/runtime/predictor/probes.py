# -*- coding: utf-8 -*-
"""``inspect`` loads the model and says what it is; ``try`` answers one sample, once.

The result is a JSON file; a loader or a converter that ends the whole process, or never
ends, still has one, written by the process that has started it.
"""

from __future__ import print_function, unicode_literals

import json
import os
import sys
import time

from predictor import places
from predictor.supervisor import Child, Progress

_RESULT = "result.json"


def probe(mode):
    """Write ``result.json``; the exit status, 0 when the result is ``ok``."""
    work = {"inspect": _inspect, "try": _try}[mode]
    progress = Progress()
    child = Child(lambda: 0 if _write(work(progress)) else 1)
    how = child.wait(progress)
    if child.exit_status not in (0, 1) or not os.path.exists(places.out(_RESULT)):
        _write(_ended(child, how))
        return 1
    return child.exit_status


def _inspect(progress):
    from predictor import failures
    from predictor.service import load_model

    progress.step()
    began = time.time()
    try:
        spec = places.read_json(places.bundle("service.json"))
        model = load_model(spec)
    except BaseException:
        return _failed(failures.describe())
    return {
        "ok": True,
        "kind": spec["kind"],
        "inputs": model.inputs,
        "outputs": model.outputs,
        "batchable": model.batchable,
        "seconds": round(time.time() - began, 3),
    }


def _try(progress):
    from predictor import failures, protocol
    from predictor.batches import Answerer
    from predictor.prints import Listener
    from predictor.service import Service

    progress.step()
    with Listener() as prints:
        try:
            service = Service.load(places.read_json(places.bundle("service.json")))
            with open(places.bundle("sample.json"), "rb") as file:
                sample = file.read()
        except BaseException:
            return dict(_failed(failures.describe()), prints=prints.text(), seconds=0)
    progress.loaded(service.timeout)
    ((answer,),) = Answerer(service, progress).answer([(0, protocol.OWNERS_TEST, sample)])
    told = json.loads(answer[2].decode("utf-8"))
    told["prints"] = prints.text() + told["prints"]
    return dict(told if answer[1] == protocol.OK else _failed(told), ok=answer[1] == protocol.OK)


def _failed(told):
    print(told["traceback"] or told["message"], file=sys.stderr)
    return dict(told, ok=False)


def _ended(child, how):
    if child.late:
        english, chinese = "It did not end in time.", "运行超时，已被终止。"
    else:
        english = "Its process has ended by itself: %s." % how
        chinese = "进程意外结束：%s。" % how
    return {"ok": False, "message": english, "message_zh": chinese, "traceback": ""}


def _write(result):
    """Put ``result`` in its place at once; whether it is ``ok``."""
    fresh = places.out(_RESULT + ".new")
    with open(fresh, "wb") as file:
        file.write(json.dumps(result).encode("utf-8"))
    os.rename(fresh, places.out(_RESULT))
    return result["ok"]
