-- Patients as they are listed.
CREATE INDEX patient_listed ON patient (id, authority) WHERE merged_into IS NULL;
