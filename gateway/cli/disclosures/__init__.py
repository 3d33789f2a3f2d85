"""`student-graph disclosures`: who saw a student, and whether the record of disclosures is intact."""
