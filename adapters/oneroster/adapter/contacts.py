"""Lookups of parents, guardians and relatives: OneRoster `agents`, by student and by contact."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from student_graph.adapters.errors import AdapterError, listed_and_unknown
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import ContactId, DistrictId, StudentContact, StudentId
from student_graph.adapters.oneroster.adapter.users import USERS_PER_STUDENT, UserLookups, answers_of, current_day
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.client.keys import contact_id_of
from student_graph.adapters.oneroster.mapping import people as mapping
from student_graph.adapters.oneroster.mapping.people import Person
from student_graph.adapters.paging import MAX_ROWS
from student_graph.adapters.reading import leave_out_unreadable


class ContactLookups(UserLookups):
    """
    Lookups of contacts. All users with one number are one contact, as a parent has a user for each school.

    An agent is a contact while the user has the role `parent`, `guardian` or `relative`. Those with a role of the
    setting `legal_guardian_roles` have the rights of a parent; about the others OneRoster says nothing.
    """

    async def contacts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentContact]]:
        """OneRoster `agents` of each student who are parents, guardians or relatives, sorted by id."""
        persons = await self.find_persons(ids)
        agent_ids = {
            agent_id for person in persons.values() if isinstance(person, Person) for agent_id in person.agent_ids
        }
        users = await self.client.read_objects(
            api.USERS,
            agent_ids,
            estimated_rows=USERS_PER_STUDENT * self.settings.students,
            with_inactive=True,
        )
        return answers_of(persons, lambda person: self._contacts(person, users))

    async def contacts_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[StudentContact]]:
        """All pages of OneRoster `students` and `users`."""
        persons = await self.all_students()
        rows = await self.client.read_rows(api.USERS, with_inactive=True)
        users = {user.sourcedId: user for user in rows}
        records = [record for person in persons for record in self._contacts(person, users)]
        return dict.fromkeys(ids, records)

    async def contacts_by_contact(self, ids: Sequence[ContactId]) -> Batch[ContactId, list[StudentContact]]:
        """
        The students that the users of each contact name as `agents`, and those that name one of these users.

        The latter are found in the list of all students, unless the district has more than can be read.
        """
        users_by_key = await self.users_with_roles(ids, api.CONTACT_ROLES)
        contacts = [user for users in users_by_key.values() if isinstance(users, list) for user in users]
        if not contacts:
            return {key: error for key, error in users_by_key.items() if isinstance(error, AdapterError)}
        if self.settings.students <= MAX_ROWS:
            students = await self.all_students()
            persons = {user.sourcedId: person for person in students for user in person.users}
        else:
            persons = await self.persons_of_users({agent.sourcedId for user in contacts for agent in user.agents})
        return {
            key: users if isinstance(users, AdapterError) else self._children(users, persons)
            for key, users in users_by_key.items()
        }

    def _contacts(
        self, person: Person, users: Mapping[str, api.User] | Mapping[str, api.User | AdapterError]
    ) -> list[StudentContact]:
        """
        The agents of a student who are contacts, sorted by id.

        An agent is left out and reported if the server does not have the user, or if the user cannot be read.

        Raises:
            AdapterError: The server did not answer with an agent.
        """
        agents: dict[ContactId, list[api.User]] = {}
        for agent_id in person.agent_ids:
            agent = users.get(agent_id, listed_and_unknown())
            if isinstance(agent, AdapterError):
                leave_out_unreadable(agent, agent_id)
            elif agent.is_active and self._has_role(agent, api.CONTACT_ROLES):
                agents.setdefault(contact_id_of(agent), []).append(agent)
        return [self._contact(agents[contact], person) for contact in sorted(agents)]

    def _children(self, users: Sequence[api.User], persons: Mapping[str, Person]) -> list[StudentContact]:
        """The students of one contact, sorted by number."""
        own_users = {user.sourcedId: user for user in users if self._has_role(user, api.CONTACT_ROLES)}
        children = {person.student_id: person for person in persons.values()}
        links: dict[StudentId, dict[str, api.User]] = {}
        for user in own_users.values():
            for agent in user.agents:
                if person := persons.get(agent.sourcedId):
                    links.setdefault(person.student_id, {})[user.sourcedId] = user
        for student_id, person in children.items():
            for agent_id in person.agent_ids:
                if agent_id in own_users:
                    links.setdefault(student_id, {})[agent_id] = own_users[agent_id]
        return [self._contact(list(links[child].values()), children[child]) for child in sorted(links)]

    def _contact(self, users: Sequence[api.User], person: Person) -> StudentContact:
        rights = self.settings.legal_guardian_roles
        return mapping.contact(
            sorted(users, key=lambda user: user.sourcedId),
            person,
            legal_guardian=any(self._has_role(user, rights) for user in users),
        )

    def _has_role(self, user: api.User, roles: Collection[str]) -> bool:
        return user.has_current_role(roles, current_day(), self.settings.role_end)
