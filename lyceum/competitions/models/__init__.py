"""Competitions: rounds, teams, submissions, their scores and prizes (guide, 比赛)."""

from lyceum.competitions.models.board import Medal, SimilarPair, Standing
from lyceum.competitions.models.competition import (
    Competition,
    CompetitionKind,
    FinalRule,
    PageKey,
    PageText,
    RulesText,
    Schedule,
    SubmissionKind,
    TieRule,
)
from lyceum.competitions.models.people import MergeRequest, MergeState, Participation, Team
from lyceum.competitions.models.prizes import Certificate, CertificateKind, PoolShare, PrizeCode
from lyceum.competitions.models.rounds import Advance, Round
from lyceum.competitions.models.submissions import (
    AuditAction,
    AuditEvent,
    Rejudge,
    RejudgeScope,
    Score,
    ScoreCause,
    Submission,
    SubmissionState,
)
from lyceum.competitions.models.talk import Announcement, Post, Topic

__all__ = [
    "Advance",
    "Announcement",
    "AuditAction",
    "AuditEvent",
    "Certificate",
    "CertificateKind",
    "Competition",
    "CompetitionKind",
    "FinalRule",
    "Medal",
    "MergeRequest",
    "MergeState",
    "PageKey",
    "PageText",
    "Participation",
    "PoolShare",
    "Post",
    "PrizeCode",
    "Rejudge",
    "RejudgeScope",
    "Round",
    "RulesText",
    "Schedule",
    "Score",
    "ScoreCause",
    "SimilarPair",
    "Standing",
    "Submission",
    "SubmissionKind",
    "SubmissionState",
    "Team",
    "TieRule",
    "Topic",
]
