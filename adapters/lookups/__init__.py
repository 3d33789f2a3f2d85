"""The lookups of the student graph: one method for each edge, grouped by topic."""

from student_graph.adapters.lookups.academics import AcademicLookups
from student_graph.adapters.lookups.learning import LearningLookups
from student_graph.adapters.lookups.people import PeopleLookups
from student_graph.adapters.lookups.school_life import SchoolLifeLookups
from student_graph.adapters.lookups.schools import SchoolLookups
from student_graph.adapters.lookups.services import ServiceLookups


class AllLookups(
    SchoolLookups, PeopleLookups, SchoolLifeLookups, AcademicLookups, LearningLookups, ServiceLookups
):
    """All lookups of the contract."""
