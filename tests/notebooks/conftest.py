from tests.notebooks.fixtures import (  # noqa: F401
    built,
    hub,
    in_english,
    in_threads,
    learner,
    own_files,
    ports,
    project,
)
