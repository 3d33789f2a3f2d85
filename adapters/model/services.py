"""Records of programs, meals and transportation."""

from datetime import date
from enum import Enum

from student_graph.adapters.model.codes import StudentId
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record


class ProgramType(Enum):
    """Kinds of programs that are not a restricted class of data."""

    LANGUAGE_INSTRUCTION = "English language instruction"
    TITLE_I = "Title I Part A"
    MIGRANT = "Migrant Education"
    GIFTED_AND_TALENTED = "Gifted and Talented"
    CAREER_AND_TECHNICAL = "Career and Technical Education"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


@record(Sensitivity.PROGRAM, about="student_id")
class ProgramParticipation(Record):
    """A student's participation in a program. Special education and homelessness have their own fields."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    program_type: ProgramType
    """Kind of program."""
    program_type_descriptor: Descriptor
    """Kind of program as the vendor's code."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """First day on which the student no longer takes part; null if there is no end."""
    services: list[Descriptor]
    """Services received; empty if none is recorded."""


@record(Sensitivity.DISABILITY, about="student_id")
class SpecialEducation(Record):
    """A student's participation in special education."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """First day on which the student no longer takes part; null if there is no end."""
    exit_date: date | None = None
    """First day after an exit that special education itself records; null if none is recorded."""
    idea_eligibility: bool | None = None
    """Whether the student is eligible under IDEA; null if not recorded."""
    disabilities: list[Descriptor]
    """Disabilities as recorded, without duplicates."""
    setting: Descriptor | None = None
    """Setting in which the student is taught; null if not recorded."""
    services: list[Descriptor]
    """Services received; empty if none is recorded."""


@record(Sensitivity.DISABILITY, about="student_id")
class Section504(Record):
    """A student's participation in a program under Section 504 of the Rehabilitation Act."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """First day on which the student no longer takes part; null if there is no end."""
    eligible: bool | None = None
    """Whether the student is eligible under Section 504; null if not recorded."""
    disability: Descriptor | None = None
    """Disability as recorded; null if not recorded."""
    accommodation_plan: bool | None = None
    """Whether the student has a plan of accommodations; null if not recorded."""


@record(Sensitivity.HOMELESS, about="student_id")
class Homelessness(Record):
    """A student's participation in the program for homeless children."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """First day on which the student no longer takes part; null if there is no end."""
    primary_nighttime_residence: Descriptor | None = None
    """Where the student stays at night; null if not recorded."""
    unaccompanied_youth: bool | None = None
    """Whether the student is without a parent or guardian; null if not recorded."""


@record(Sensitivity.MEAL, about="student_id")
class FoodService(Record):
    """A student's participation in a meals program: the eligibility, not the meals eaten."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """First day on which the student no longer takes part; null if there is no end."""
    direct_certification: bool | None = None
    """Whether the student was certified without an application; null if not recorded."""
    services: list[Descriptor]
    """Services, such as Free Breakfast or Reduced Price Lunch."""


@record(Sensitivity.LOCATION, about="student_id")
class Transportation(Record):
    """
    How a student travels to school.

    Accommodations and the reason for eligibility are left out, because they reveal a disability.
    """

    student_id: StudentId = internal()
    transportation_type: Descriptor | None = None
    """Kind of transportation, such as School Bus; null if not recorded."""
    bus_number: str | None = None
    """Number of the bus; null if there is none."""
    bus_route: Descriptor | None = None
    """Route of the bus; null if there is none."""
    mileage: float | None = None
    """Distance in miles; null if not recorded."""
    travel_days: list[Descriptor]
    """Days of the week; empty if not recorded."""
    travel_directions: list[Descriptor]
    """Directions: to school, from school, or both; empty if not recorded."""
