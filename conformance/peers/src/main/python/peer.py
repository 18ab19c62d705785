"""zeep reads the WSDLs of a node and calls what they say. Each case is a line of JSON: transaction, what, result."""

import argparse
import json
import traceback
import uuid

from zeep import Client

from objects import APPROVED, Entry, oid, slot, submission
from transport import Mtom, Simple

FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
GET_ALL = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"
STATUS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:"
PARTIAL = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"


def case(transaction, what):
    """Runs a function at once, and says what came of it."""

    def run(function):
        try:
            function()
            result = "passed"
        except Exception as failure:  # whatever it is, it is the result of this case and of no other
            where = traceback.extract_tb(failure.__traceback__)[-1]
            result = f"FAILED: {type(failure).__name__}: {failure} ({where.filename.rsplit('/', 1)[-1]}:{where.lineno})"
        print(json.dumps({"transaction": transaction, "what": what, "result": result}), flush=True)
        return function

    return run


def same(what, expected, actual):
    if expected != actual:
        raise AssertionError(f"{what}: expected {expected!r}, was {actual!r}")


def succeeded(answer):
    same(f"status, with {errors(answer)}", STATUS + "Success", answer.status)
    return answer


def errors(answer):
    listed = answer.RegistryErrorList
    return [(error.errorCode, error.codeContext) for error in listed.RegistryError] if listed else []


def refused(answer, code):
    same("status", STATUS + "Failure", answer.status)
    same("codes", {code}, {error for error, _ in errors(answer)})


def values(found):
    return {one.name: one.ValueList.Value for one in found.Slot}


def run(arguments):
    registry_client = Client(f"{arguments.registry}?wsdl", transport=Simple(arguments.certificates, "zeep"))
    repository_client = Client(f"{arguments.repository}?wsdl", transport=Mtom(arguments.certificates, "zeep"))
    registry, repository = registry_client.service, repository_client.service
    patient = f"Z{uuid.uuid4().hex[:12]}^^^&{arguments.authority}&ISO"

    def query(kind, **parameters):
        slots = [slot("$" + name, value) for name, value in parameters.items()]
        return {"AdhocQuery": {"id": kind, "Slot": slots}}

    def find(return_type="LeafClass", **more):
        parameters = {"XDSDocumentEntryPatientId": f"'{patient}'", "XDSDocumentEntryStatus": f"('{APPROVED}')", **more}
        asked = query(FIND_DOCUMENTS, **parameters)
        return registry.DocumentRegistry_RegistryStoredQuery(ResponseOption={"returnType": return_type}, **asked)

    def found(answer, kind):
        listed = succeeded(answer).RegistryObjectList  # None if it is empty
        return [one[kind] for one in listed._value_1 if kind in one and one[kind]] if listed else []

    @case("WSDL", "of the registry and the repository: the address by which it came, all operations")
    def described():
        for client, url, names in [
            (registry_client, arguments.registry, {"RegistryStoredQuery", "RegisterDocumentSet-b"}),
            (repository_client, arguments.repository, {"ProvideAndRegisterDocumentSet-b", "RetrieveDocumentSet"}),
        ]:
            (service,) = client.wsdl.services.values()
            (port,) = service.ports.values()
            same("address", url, port.binding_options["address"])
            operations = {name.split("_", 1)[1] for name in port.binding.all()}
            same("operations that are missing", set(), names - operations)

    elsewhere = {"repositoryUniqueId": [arguments.repository_id], "size": ["1"], "hash": ["a" * 40]}
    registered = Entry(patient, slots=elsewhere)

    @case("ITI-42", "an entry with its submission set")
    def register():
        succeeded(registry["DocumentRegistry_RegisterDocumentSet-b"](**submission(patient, registered)))

    @case("ITI-18", "FindDocuments, LeafClass: what was registered, attribute for attribute")
    def find_whole():
        (entry,) = found(find(), "ExtrinsicObject")
        sent = registered.written()
        for name in ("id", "objectType", "mimeType"):
            same(name, sent[name], entry[name])
        same("status", APPROVED, entry.status)
        same("title", registered.title, entry.Name.LocalizedString[0].value)
        came = values(entry)
        for one in sent["Slot"]:
            same(one["name"], one["ValueList"]["Value"], came.get(one["name"]))
        same(
            "codes",
            {(one["classificationScheme"], one["nodeRepresentation"]) for one in sent["Classification"]},
            {(one.classificationScheme, one.nodeRepresentation) for one in entry.Classification},
        )
        same(
            "identifiers",
            {(one["identificationScheme"], one["value"]) for one in sent["ExternalIdentifier"]},
            {(one.identificationScheme, one.value) for one in entry.ExternalIdentifier},
        )

    @case("ITI-18", "FindDocuments, ObjectRef")
    def find_references():
        answer = find("ObjectRef")
        same("references", [registered.id], [one.id for one in found(answer, "ObjectRef")])
        same("whole objects beside references", [], found(answer, "ExtrinsicObject"))

    @case("ITI-18", "FindDocuments by another typeCode: none")
    def find_nothing():
        same("entries", [], found(find(XDSDocumentEntryTypeCode="('x^^1.2.3')"), "ExtrinsicObject"))

    @case("ITI-18", "GetAll: set, entry and association")
    def get_all():
        statuses = {f"XDS{of}Status": f"('{APPROVED}')" for of in ("DocumentEntry", "SubmissionSet", "Folder")}
        asked = query(GET_ALL, patientId=f"'{patient}'", **statuses)
        answer = registry.DocumentRegistry_RegistryStoredQuery(ResponseOption={"returnType": "LeafClass"}, **asked)
        counts = {kind: len(found(answer, kind)) for kind in ("RegistryPackage", "ExtrinsicObject", "Association")}
        same("objects", {"RegistryPackage": 1, "ExtrinsicObject": 1, "Association": 1}, counts)

    @case("ITI-18", "FindDocuments without a status is refused")
    def find_without_status():
        asked = query(FIND_DOCUMENTS, XDSDocumentEntryPatientId=f"'{patient}'")
        answer = registry.DocumentRegistry_RegistryStoredQuery(ResponseOption={"returnType": "LeafClass"}, **asked)
        refused(answer, "XDSStoredQueryMissingParam")

    @case("ITI-18", "a stored query that does not exist is refused")
    def unknown_query():
        asked = query(f"urn:uuid:{uuid.uuid4()}")
        answer = registry.DocumentRegistry_RegistryStoredQuery(ResponseOption={"returnType": "LeafClass"}, **asked)
        refused(answer, "XDSUnknownStoredQuery")

    @case("ITI-42", "an association to an entry that does not exist is refused")
    def register_wrong():
        request = submission(patient, Entry(patient, slots=elsewhere))
        # Without the entry that the association names.
        request["RegistryObjectList"]["_value_1"].pop(0)
        refused(registry["DocumentRegistry_RegisterDocumentSet-b"](**request), "UnresolvedReferenceException")

    # zeep takes line ends off both ends of a part (Attachment.content), so these have none there.
    contents = {oid(): bytes(range(256)) * 4096 + b"end", oid(): b"--uuid\r\n--\r\n\xc3\xa9"}

    def send(request, documents):
        operation = repository["DocumentRepository_ProvideAndRegisterDocumentSet-b"]
        return operation(SubmitObjectsRequest=request, Document=documents)

    @case("ITI-41", "two documents by MTOM/XOP (1 MiB; line ends)")
    def provide():
        entries = [Entry(patient, unique_id=unique_id) for unique_id in contents]
        documents = [{"id": entry.id, "_value_1": contents[entry.unique_id]} for entry in entries]
        succeeded(send(submission(patient, *entries), documents))

    @case("ITI-41", "an entry without its document is refused")
    def provide_without():
        refused(send(submission(patient, Entry(patient)), []), "XDSMissingDocument")

    def retrieve(*unique_ids):
        asked = [{"RepositoryUniqueId": arguments.repository_id, "DocumentUniqueId": one} for one in unique_ids]
        return repository.DocumentRepository_RetrieveDocumentSet(DocumentRequest=asked)

    @case("ITI-43", "two documents, as parts of a multipart message (XOP)")
    def retrieve_both():
        answer = retrieve(*contents)
        succeeded(answer.RegistryResponse)
        same("documents", contents, {one.DocumentUniqueId: one.Document for one in answer.DocumentResponse})
        same("mimeTypes", {"application/dicom"}, {one.mimeType for one in answer.DocumentResponse})

    @case("ITI-43", "one that is there and one that is not: PartialSuccess")
    def retrieve_one():
        there, unknown = next(iter(contents)), oid()
        answer = retrieve(there, unknown)
        same("status", PARTIAL, answer.RegistryResponse.status)
        same("codes", ["XDSDocumentUniqueIdError"], [code for code, _ in errors(answer.RegistryResponse)])
        came = {one.DocumentUniqueId: one.Document for one in answer.DocumentResponse}
        same("documents", {there: contents[there]}, came)

    @case("ITI-43", "none that is there")
    def retrieve_nothing():
        refused(retrieve(oid()).RegistryResponse, "XDSDocumentUniqueIdError")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("registry", "repository", "certificates", "repository-id", "authority"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()

    @case("WSDL", "zeep's run")
    def whole():
        run(arguments)


if __name__ == "__main__":
    main()
