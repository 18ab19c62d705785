-- Patients as they are listed, by what their id begins with, in either case.
DROP INDEX patient_listed;
CREATE INDEX patient_listed ON patient (LOWER(id), id, authority) WHERE merged_into IS NULL;
