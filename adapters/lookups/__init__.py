"""The lookups of the student graph: one method per edge, grouped by part of a student's life."""

from student_graph.adapters.lookups.academics import AcademicLookups
from student_graph.adapters.lookups.learning import LearningLookups
from student_graph.adapters.lookups.people import PeopleLookups
from student_graph.adapters.lookups.school_life import SchoolLifeLookups
from student_graph.adapters.lookups.schools import SchoolLookups
from student_graph.adapters.lookups.services import ServiceLookups


class AllLookups(
    SchoolLookups, PeopleLookups, SchoolLifeLookups, AcademicLookups, LearningLookups, ServiceLookups
):
    """Every lookup."""
