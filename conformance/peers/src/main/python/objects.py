"""What is registered, in the shapes that zeep makes of the schemas."""

import uuid
from dataclasses import dataclass, field

STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"

# The scheme of the classification, and the code with its own scheme and name (ITI TF-3 4.2.5).
LOINC, SNOMED = "2.16.840.1.113883.6.1", "2.16.840.1.113883.6.96"
CODES = {
    "classCode": ("41a5887f-8865-4c09-adf7-e362475b143a", "18748-4", LOINC, "Diagnostic imaging study"),
    "confidentialityCode": ("f4f85eac-e6cb-4883-b524-f2705394840f", "N", "2.16.840.1.113883.5.25", "normal"),
    "formatCode": (
        "a09d5840-386c-46f2-b5ad-9c3699a4309d",
        "1.2.840.10008.5.1.4.1.1.88.67",
        "1.2.840.10008.2.6.1",
        "X-Ray Radiation Dose SR",
    ),
    "healthcareFacilityTypeCode": ("f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1", "22232009", SNOMED, "Hospital"),
    "practiceSettingCode": ("cccf5598-8b07-4b77-a05e-ae952c785ead", "394914008", SNOMED, "Radiology"),
    "typeCode": (
        "f0306f51-975f-434e-a61c-c59651d33983",
        "73569-6",
        LOINC,
        "Radiation exposure and protection information",
    ),
}
CONTENT_TYPE = ("aa543740-bdda-424e-8c96-df4873be8500", "18748-4", LOINC, "Diagnostic imaging study")


def urn():
    return f"urn:uuid:{uuid.uuid4()}"


def oid():
    return f"2.25.{uuid.uuid4().int}"


def slot(name, *values):
    return {"name": name, "ValueList": {"Value": list(values)}}


def text(value, language="fr-FR"):
    return {"LocalizedString": [{"lang": language, "value": value}]}


def classified(of, scheme, code, coding_scheme, display):
    return {
        "id": urn(),
        "classificationScheme": f"urn:uuid:{scheme}",
        "classifiedObject": of,
        "nodeRepresentation": code,
        "Slot": [slot("codingScheme", coding_scheme)],
        "Name": text(display, "en-US"),
    }


def identified(of, scheme, name, value):
    return {
        "id": urn(),
        "registryObject": of,
        "identificationScheme": f"urn:uuid:{scheme}",
        "value": value,
        "Name": text(name, "en-US"),
    }


@dataclass
class Entry:
    """A document entry, and what makes it one in ebRIM."""

    patient: str
    id: str = field(default_factory=urn)
    unique_id: str = field(default_factory=oid)
    title: str = 'Rapport de dose & <scanner> n° 1, "vérifié"'
    slots: dict = field(default_factory=dict)

    def written(self):
        slots = {
            "creationTime": ["20240315101530"],
            "languageCode": ["fr-BE"],
            "sourcePatientId": ["source-1^^^&1.2.3.77&ISO"],
            "sourcePatientInfo": ["PID-3|source-1^^^&1.2.3.77&ISO", "PID-5|Lefèvre^Anne^^^", "PID-8|F"],
            **self.slots,
        }
        return {
            "id": self.id,
            "objectType": STABLE,
            "mimeType": "application/dicom",
            "Slot": [slot(name, *values) for name, values in slots.items()],
            "Name": text(self.title),
            "Classification": [classified(self.id, *code) for code in CODES.values()],
            "ExternalIdentifier": [
                identified(self.id, "58a6f841-87b3-4a3e-92fd-a8ffeff98427", "XDSDocumentEntry.patientId", self.patient),
                identified(self.id, "2e82c1f6-a085-4c72-9da3-8640a32e42ab", "XDSDocumentEntry.uniqueId", self.unique_id),
            ],
        }


def submission(patient, *entries, unique_id=None):
    """A submission set with the entries that it brings."""
    of = urn()
    package = {
        "id": of,
        "Slot": [slot("submissionTime", "20240315120000")],
        "Name": text("Envoi du matin"),
        "Classification": [classified(of, *CONTENT_TYPE)],
        "ExternalIdentifier": [
            identified(of, "6b5aea1a-874d-4603-a4bc-96a0a7b38446", "XDSSubmissionSet.patientId", patient),
            identified(of, "96fdda7c-d067-4183-912e-bf5ee74998a8", "XDSSubmissionSet.uniqueId", unique_id or oid()),
            identified(of, "554ac39e-e3fe-47fe-b233-965d2a147832", "XDSSubmissionSet.sourceId", "1.3.6.1.4.1.21367.4"),
        ],
    }
    mark = {"id": urn(), "classifiedObject": of, "classificationNode": "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"}
    members = [
        {
            "id": urn(),
            "associationType": "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember",
            "sourceObject": of,
            "targetObject": entry.id,
            "Slot": [slot("SubmissionSetStatus", "Original")],
        }
        for entry in entries
    ]
    objects = [{"ExtrinsicObject": entry.written()} for entry in entries]
    objects += [{"RegistryPackage": package}, {"Classification": mark}]
    objects += [{"Association": member} for member in members]
    return {"RegistryObjectList": {"_value_1": objects}}
