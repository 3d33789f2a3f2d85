"""
The rehearsal: many made-up districts on one real fleet, a school morning, and a script of trouble.

Each page that a viewer sees is compared with the page of a gateway that nothing happened to.
"""
