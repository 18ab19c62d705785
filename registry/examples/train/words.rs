//! What invented submissions are made of: names that belong to nobody in particular, and codes in common use.

/// Codes with their names.
type Codes<const N: usize> = [(&'static str, &'static str); N];

pub(crate) const FAMILY: [&str; 24] = [
    "Peeters", "Janssens", "Maes", "Jacobs", "Mertens", "Willems", "Claes", "Goossens", "Wouters", "Lambert",
    "Dupont", "Martin", "Bernard", "Dubois", "Durand", "Moreau", "Laurent", "Simon", "Lefèvre", "Garnier",
    "Müller", "Schmidt", "Fontaine", "Rousseau",
];

pub(crate) const GIVEN: [&str; 20] = [
    "An", "Lotte", "Jan", "Pieter", "Marie", "Camille", "Louis", "Emma", "Léa", "Hugo", "Jules", "Élise",
    "Noah", "Arthur", "Julie", "Sofie", "Thomas", "Claire", "Nicolas", "Anke",
];

pub(crate) const HOSPITALS: [&str; 10] = [
    "Ziekenhuis Noord",
    "Algemeen Ziekenhuis Sint-Jan",
    "Centre Hospitalier Sainte-Anne",
    "CHU de l'Ouest",
    "Universitair Ziekenhuis Stad",
    "Clinique du Parc",
    "Cliniques universitaires du Sud",
    "Hôpital Central",
    "Polyclinique des Alpes",
    "Regionaal Ziekenhuis",
];

pub(crate) const DEVICES: Codes<8> = [
    ("SIEMENS", "SOMATOM Force"),
    ("GE MEDICAL SYSTEMS", "Revolution CT"),
    ("Philips", "Incisive CT"),
    ("Canon Medical Systems", "Aquilion ONE"),
    ("SIEMENS", "ARTIS pheno"),
    ("HOLOGIC, Inc.", "Selenia Dimensions"),
    ("GE MEDICAL SYSTEMS", "Senographe Pristina"),
    ("Philips", "Azurion"),
];

pub(crate) const STUDIES: [&str; 10] = [
    "CT abdomen met contrast",
    "Scanner thoraco-abdomino-pelvien",
    "CT schedel",
    "Mammographie bilatérale",
    "Coronarographie",
    "CT thorax",
    "TEP-scan corps entier",
    "Angioplastie",
    "CT pulmonary angiography",
    "Scanner cérébral sans injection",
];

pub(crate) const CLASSES: Codes<7> = [
    ("18748-4", "Diagnostic imaging study"),
    ("34133-9", "Summarization of episode note"),
    ("18842-5", "Discharge summary"),
    ("11502-2", "Laboratory report"),
    ("57833-6", "Prescription for medication"),
    ("11488-4", "Consultation note"),
    ("34117-2", "History and physical note"),
];

pub(crate) const TYPES: Codes<10> = [
    ("73569-6", "Radiation exposure and protection information"),
    ("60591-5", "Patient summary Document"),
    ("18842-5", "Discharge summary"),
    ("11502-2", "Laboratory report"),
    ("57833-6", "Prescription for medication"),
    ("11488-4", "Consultation note"),
    ("24627-2", "CT Chest"),
    ("55113-5", "Key images Document Radiology"),
    ("68604-8", "Radiology Diagnostic study note"),
    ("11526-1", "Pathology study"),
];

pub(crate) const PRACTICES: Codes<6> = [
    ("394914008", "Radiology"),
    ("394649004", "Nuclear medicine"),
    ("394802001", "General medicine"),
    ("394579002", "Cardiology"),
    ("394593009", "Medical oncology"),
    ("394801008", "Trauma and orthopedics"),
];

pub(crate) const FACILITIES: Codes<4> = [
    ("22232009", "Hospital"),
    ("35971002", "Ambulatory care site"),
    ("83891005", "Solo practice private office"),
    ("394761003", "General practitioner practice site"),
];

pub(crate) const CONFIDENTIALITY: Codes<3> = [("N", "normal"), ("R", "restricted"), ("V", "very restricted")];

pub(crate) const EVENTS: Codes<8> = [
    ("CT", "Computed Tomography"),
    ("MG", "Mammography"),
    ("XA", "X-Ray Angiography"),
    ("NM", "Nuclear Medicine"),
    ("PT", "Positron emission tomography"),
    ("DX", "Digital Radiography"),
    ("RF", "Radio Fluoroscopy"),
    ("MR", "Magnetic Resonance"),
];

pub(crate) const FORMATS: [(&str, &str, &str); 7] = [
    ("1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.2.6.1", "X-Ray Radiation Dose SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.2.6.1", "Key Object Selection Document Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.2.6.1", "Enhanced SR Storage"),
    ("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "PDF embedded in CDA per XDS-SD profile"),
    ("urn:ihe:pcc:xphr:2007", "1.3.6.1.4.1.19376.1.2.3", "Exchange of Personal Health Records"),
    ("urn:ihe:lab:xd-lab:2008", "1.3.6.1.4.1.19376.1.2.3", "Laboratory Report"),
    ("urn:hl7-org:sdwg:ccda-structuredBody:2.1", "1.3.6.1.4.1.19376.1.2.3", "C-CDA R2.1 structured body"),
];

pub(crate) const MIME: [&str; 4] =
    ["application/dicom", "text/xml", "application/pdf", "application/fhir+json"];

pub(crate) const LANGUAGES: [&str; 6] = ["nl-BE", "fr-BE", "fr-FR", "de-DE", "en-US", "en-GB"];

pub(crate) const ROLES: [&str; 5] = [
    "113850^^^&1.2.840.10008.2.16.4&ISO",
    "113859^^^&1.2.840.10008.2.16.4&ISO",
    "Radiographer",
    "Attending",
    "221^Medical doctors^^^^&2.16.840.1.113883.2.9.6.2.7&ISO",
];

pub(crate) const SPECIALTIES: [&str; 5] = [
    "Radiology",
    "394914008^Radiology^^^^&2.16.840.1.113883.6.96&ISO",
    "Nuclear medicine",
    "Cardiology",
    "Orthopedic",
];
