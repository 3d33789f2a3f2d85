"""Programs, meals and transport."""

from datetime import date
from enum import Enum

from student_graph.adapters.model.codes import StudentId
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record


class ProgramType(Enum):
    """Kinds of programs that need no restricted grant."""

    LANGUAGE_INSTRUCTION = "English language instruction"
    TITLE_I = "Title I Part A"
    MIGRANT = "Migrant Education"
    GIFTED_AND_TALENTED = "Gifted and Talented"
    CAREER_AND_TECHNICAL = "Career and Technical Education"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


@record(Sensitivity.PROGRAM, about="student_id")
class ProgramParticipation(Record):
    """A student's part in a program. Special education and homelessness are fields of their own."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    program_type: ProgramType
    """Kind of program."""
    program_type_descriptor: Descriptor
    """The same as the vendor spells it."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null while it lasts."""
    services: list[Descriptor]
    """Services received; empty when none is recorded."""


@record(Sensitivity.DISABILITY, about="student_id")
class SpecialEducation(Record):
    """A student's part in special education."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null while it lasts."""
    idea_eligibility: bool | None = None
    """Whether eligible under IDEA; null when not recorded."""
    disabilities: list[Descriptor]
    """Disabilities as recorded, each once."""
    setting: Descriptor | None = None
    """Where the student is taught; null when not recorded."""
    services: list[Descriptor]
    """Services received; empty when none is recorded."""


@record(Sensitivity.HOMELESS, about="student_id")
class Homelessness(Record):
    """A student's part in the program for homeless children."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null while it lasts."""
    primary_nighttime_residence: Descriptor | None = None
    """Where the child stays at night; null when not recorded."""
    unaccompanied_youth: bool | None = None
    """Whether without a parent or guardian; null when not recorded."""


@record(Sensitivity.MEAL, about="student_id")
class FoodService(Record):
    """A student's meals program: eligibility, not meals eaten."""

    student_id: StudentId = internal()
    program_name: str
    """Name of the program."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null while it lasts."""
    direct_certification: bool | None = None
    """Whether certified without an application; null when not recorded."""
    services: list[Descriptor]
    """Such as Free Breakfast or Reduced Price Lunch."""


@record(Sensitivity.LOCATION, about="student_id")
class Transportation(Record):
    """
    How a student gets to school.

    Accommodations and the reason of eligibility are not served: they tell of a disability.
    """

    student_id: StudentId = internal()
    transportation_type: Descriptor | None = None
    """Such as School Bus; null when not recorded."""
    bus_number: str | None = None
    """Number of the bus; null when none."""
    bus_route: Descriptor | None = None
    """Route of the bus; null when none."""
    mileage: float | None = None
    """Miles; null when not recorded."""
    travel_days: list[Descriptor]
    """Days of the week; empty when not recorded."""
    travel_directions: list[Descriptor]
    """To school, from school or both; empty when not recorded."""
