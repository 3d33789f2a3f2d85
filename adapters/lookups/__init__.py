"""The lookups of the student graph: one method per edge, grouped by part of a student's life."""

from adapters.lookups.academics import AcademicLookups
from adapters.lookups.learning import LearningLookups
from adapters.lookups.people import PeopleLookups
from adapters.lookups.school_life import SchoolLifeLookups
from adapters.lookups.schools import SchoolLookups
from adapters.lookups.services import ServiceLookups


class AllLookups(
    SchoolLookups, PeopleLookups, SchoolLifeLookups, AcademicLookups, LearningLookups, ServiceLookups
):
    """Every lookup."""
