"""Names of the fictional people of a district."""

# ruff: noqa: SIM905 - a hundred names are easier to read as text than as one string per line

from __future__ import annotations

import unicodedata
from random import Random

GIRLS = (
    "Abigail Adaeze Aisha Alana Amara Anika Beatriz Brianna Camila Carmen Celeste Chloe Dalia Daniela "
    "Elena Eliza Fatima Freya Grace Hana Imani Ingrid Iris Jasmine Josephine Kaia Keisha Laila Leona "
    "Lucia Maeve Malia Mariana Mei Mina Nadia Naomi Noor Olivia Paloma Priya Rosa Ruth Sadie Salma Sofia "
    "Talia Tessa Uma Valeria Wren Yara Zora"
).split()
BOYS = (
    "Adrian Ahmed Amir Andre Arjun Benjamin Bruno Caleb Carlos Cyrus Dante Darius Diego Elias Emeka Ezra "
    "Felix Gabriel Gideon Hassan Hugo Ibrahim Isaac Ivan Jamal Javier Jonah Julian Kai Kofi Leo Liam Luca "
    "Malik Marcus Mateo Miles Nico Noah Omar Oscar Pablo Rafael Ravi Samir Silas Soren Theo Tomas Victor "
    "Wesley Xavier Yusuf Zane"
).split()
FAMILIES = (
    "Abbott Acosta Adeyemi Alvarez Ansari Archer Baird Banerjee Barrera Bishop Boateng Brandt Cabrera "
    "Callahan Castillo Chavez Chen Costa Dalton Desai Delgado Diallo Donovan Duarte Eastman Echeverria "
    "Ellison Farah Ferreira Fischer Flores Gallagher Garza Gupta Haddad Hale Hernandez Holloway Hussain "
    "Ibarra Iverson Jacobs Jimenez Kapoor Keller Khalil Kimura Kowalski Lambert Larsen Lozano Mahmoud "
    "Marsh Medina Mensah Molina Nakamura Navarro Nguyen Novak Okafor Olsen Ortega Osei Park Patel Pereira "
    "Petrov Quinn Quintero Ramos Reyes Rivera Romero Rossi Salazar Santos Schmidt Serrano Shah Silva "
    "Singh Sorensen Suarez Tanaka Thorne Torres Tran Underwood Vargas Vega Villanueva Wade Walsh Weaver "
    "Wong Yamada Yates Zamora Zhang Zimmer"
).split()
UNUSUAL = (
    ("Zoë", "O'Connor-Peña"),
    ("José María", "Núñez Ibáñez"),
    ("Łucja", "Dąbrowska"),
    ("Nguyên Anh", "Đỗ"),
    ("小明", "王"),
    ("מרים", "בן־דוד"),
    ("عائشة", "الخطيب"),
    ("Олена", "Шевченко"),
)
"""First and last names with accents, an apostrophe, a hyphen, other scripts, and right-to-left scripts."""


def first_name(rng: Random, sex: str) -> str:
    """Return a first name for `Female` or `Male`."""
    return rng.choice(GIRLS if sex == "Female" else BOYS)


def last_name(rng: Random) -> str:
    """Return a last name; a few are double names."""
    return rng.choice(FAMILIES) if rng.random() < 0.96 else f"{rng.choice(FAMILIES)}-{rng.choice(FAMILIES)}"


def mailbox(first: str, last: str, number: str) -> str:
    """Return the part of an e-mail address before the @: unique, and in ASCII."""
    decomposed = unicodedata.normalize("NFKD", f"{first}.{last}".lower())
    ascii_only = "".join(c for c in decomposed if c.isascii() and (c.isalnum() or c in ".-"))
    return f"{ascii_only.strip('.-') or 'student'}.{number[-4:]}" if len(ascii_only) > 1 else f"student.{number}"
