"""The identity of a study: identity.json, by which others than its folder know it.

Names collide, and folders are moved and renamed; a database that holds many studies knows each by its id.
"""

from typing import Final, Literal
from uuid import UUID, uuid4

from nas.files import damage_named, read_bytes, write_json
from nas.results.codec import Value, check_schema, from_json, to_document
from nas.results.objective import Objective
from nas.results.study import StudyReader

SCHEMA: Final = "nas.identity/1"
IDENTITY_FILE = "identity.json"


class StudyIdentity(Value, frozen=True, kw_only=True):
    """What a study is to those who know it by its id.

    Args:
        id: a random UUID, drawn when the study was started. A copy of the folder is the same study.
        objectives: the axes of its front.

    Raises:
        ValueError: the id is no UUID, or there are no objectives.
    """

    schema: Literal["nas.identity/1"] = SCHEMA
    id: str
    objectives: tuple[Objective, ...]

    def __post_init__(self) -> None:
        if str(UUID(self.id)) != self.id:
            raise ValueError("the id must be a UUID in lower case, with hyphens")
        if not self.objectives:
            raise ValueError("there must be objectives")


def read_identity(study: StudyReader) -> StudyIdentity | None:
    """The identity of a study; None if no search gave it one.

    Raises:
        StudyError: the file is damaged, or another version wrote it.
    """
    path = study.path / IDENTITY_FILE
    content = read_bytes(path)
    if content is None:
        return None
    with damage_named(path):
        check_schema(content, SCHEMA, path)
        return from_json(content, StudyIdentity)


def keep_identity(study: StudyReader, objectives: tuple[Objective, ...]) -> StudyIdentity:
    """The identity of a study, which gets one if it has none; its driver holds the lock.

    Raises:
        StudyError: the file is damaged, or the system refuses to write it.
    """
    known = read_identity(study)
    if known is not None and known.objectives == objectives:
        return known
    identity = StudyIdentity(id=known.id if known else str(uuid4()), objectives=objectives)
    write_json(study.path / IDENTITY_FILE, to_document(identity))
    return identity
