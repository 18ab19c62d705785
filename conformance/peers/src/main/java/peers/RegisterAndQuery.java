package peers;

import static org.openehealth.ipf.commons.ihe.xds.core.metadata.AvailabilityStatus.APPROVED;
import static org.openehealth.ipf.commons.ihe.xds.core.metadata.AvailabilityStatus.DEPRECATED;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.commons.lang3.SerializationUtils;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.*;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.*;
import org.openehealth.ipf.commons.ihe.xds.core.responses.ErrorCode;
import org.openehealth.ipf.commons.ihe.xds.core.responses.QueryResponse;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Response;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Status;

/** IPF registers and asks: an entry in a folder, later replaced. */
final class RegisterAndQuery {
    private static final String DIRECTION = "IPF to dosebook";
    private static final byte[] CONTENT = "what lies in a repository elsewhere".getBytes();
    /** What a Registry decides: LogicalUuid and version are its own, lastUpdateTime the moment of registration. */
    private static final String[] DECIDED = {"logicalUuid", "version", "lastUpdateTime"};

    private final Results results;
    private final IpfClient client;

    private final Identifiable patient = Described.patient();
    private final SubmissionSet set = Described.set(patient, Described.uuid());
    private final DocumentEntry entry;
    private final Folder folder = Described.folder(patient, Described.uuid());
    private final Association original;
    private final Association filed;

    RegisterAndQuery(Results results, IpfClient client, Node node) throws Exception {
        this.results = results;
        this.client = client;
        entry = Described.kept(Described.entry(patient, Described.uuid()), CONTENT, node.repositoryUniqueId());
        original = Described.original(set, entry);
        filed = Described.member(folder.getEntryUuid(), entry.getEntryUuid());
    }

    void run() {
        results.of("ITI-42", DIRECTION, "an entry in a folder, all attributes", () -> {
            var request = request(set, entry);
            request.getFolders().add(folder);
            request.getAssociations().addAll(List.of(original, filed));
            request.getAssociations().add(Described.member(set.getEntryUuid(), folder.getEntryUuid()));
            request.getAssociations().add(Described.member(set.getEntryUuid(), filed.getEntryUuid()));
            success(client.register(request));
        });
        find();
        get();
        refuse();
        replace();
        relate();
    }

    private void find() {
        finds("by status", query -> {}, true);
        finds("by classCode", query -> query.setClassCodes(List.of(entry.getClassCode())), true);
        finds("by another typeCode", query -> query.setTypeCodes(List.of(Described.code("x", "1.2.3", "x"))), false);
        finds("by formatCode and practiceSettingCode", query -> {
            query.setFormatCodes(List.of(entry.getFormatCode()));
            query.setPracticeSettingCodes(List.of(entry.getPracticeSettingCode()));
        }, true);
        finds("by two eventCodes, both", query -> query.setEventCodes(both(entry.getEventCodeList())), true);
        finds("by two eventCodes, both, one of them another", query ->
                query.setEventCodes(both(List.of(entry.getEventCodeList().get(0), Described.code("MR", "1.2.3", "MR")))), false);
        finds("by confidentialityCode", query -> query.setConfidentialityCodes(new QueryList<>(entry.getConfidentialityCodes().get(1))), true);
        finds("by author, as LIKE pattern", query -> query.setAuthorPersons(List.of("%^Dup_nt^Cl%")), true);
        finds("by creationTime", query -> {
            query.getCreationTime().setFrom("20240315");
            query.getCreationTime().setTo("20240316");
        }, true);
        finds("by serviceStartTime, too early", query -> query.getServiceStartTime().setTo("20240315100000"), false);
        finds("deprecated", query -> query.setStatus(List.of(DEPRECATED)), false);
        finds("stable", query -> query.setDocumentEntryTypes(List.of(DocumentEntryType.STABLE)), true);
        finds("on-demand", query -> query.setDocumentEntryTypes(List.of(DocumentEntryType.ON_DEMAND)), false);
        results.of("ITI-18", DIRECTION, "FindDocuments, ObjectRef", () ->
                references(client.references(findDocuments()), entry.getEntryUuid()));
        results.of("ITI-18", DIRECTION, "FindDocuments of a patient that nobody knows", () ->
                holds(client.query(findDocuments(Described.patient()))));
        results.of("ITI-18", DIRECTION, "FindDocumentsByReferenceId", () -> {
            var query = new FindDocumentsByReferenceIdQuery();
            query.setPatientId(patient);
            query.setStatus(List.of(APPROVED));
            query.setTypedReferenceIds(new QueryList<>(entry.getReferenceIdList().get(0)));
            holds(client.query(query), entry);
            query.setTypedReferenceIds(new QueryList<>(Described.accession("another")));
            holds(client.query(query));
        });
        results.of("ITI-18", DIRECTION, "FindSubmissionSets by source and contentTypeCode", () -> {
            var query = new FindSubmissionSetsQuery();
            query.setPatientId(patient);
            query.setStatus(List.of(APPROVED));
            query.setSourceIds(List.of(set.getSourceId()));
            query.setContentTypeCodes(List.of(set.getContentTypeCode()));
            holds(client.query(query), set);
        });
        results.of("ITI-18", DIRECTION, "FindFolders by codeList", () -> {
            var query = new FindFoldersQuery();
            query.setPatientId(patient);
            query.setStatus(List.of(APPROVED));
            query.setCodes(new QueryList<>(folder.getCodeList().get(0)));
            var answer = client.query(query);
            holds(answer, folder);
            Same.holds("lastUpdateTime", answer.getFolders().get(0).getLastUpdateTime() != null);
        });
        results.of("ITI-18", DIRECTION, "GetAll", () -> {
            var query = new GetAllQuery();
            query.setPatientId(patient);
            query.setStatusDocuments(List.of(APPROVED));
            query.setStatusFolders(List.of(APPROVED));
            query.setStatusSubmissionSets(List.of(APPROVED));
            var answer = client.query(query);
            holds(answer, set, entry, folder);
            Same.value("associations", 4, answer.getAssociations().size());
        });
    }

    private void get() {
        get("GetDocuments by uniqueId", new GetDocumentsQuery(), query -> query.setUniqueIds(List.of(entry.getUniqueId())), entry);
        get("GetDocuments by entryUUID", new GetDocumentsQuery(), query -> query.setUuids(List.of(entry.getEntryUuid())), entry);
        get("GetFolders by uniqueId", new GetFoldersQuery(), query -> query.setUniqueIds(List.of(folder.getUniqueId())), folder);
        get("GetFoldersForDocument", new GetFoldersForDocumentQuery(), query -> query.setUniqueId(entry.getUniqueId()), folder);
        get("GetSubmissionSets", new GetSubmissionSetsQuery(), query -> query.setUuids(List.of(entry.getEntryUuid())), set);
        get("GetSubmissionSetAndContents", new GetSubmissionSetAndContentsQuery(), query -> query.setUuid(set.getEntryUuid()), set, entry, folder);
        get("GetFolderAndContents", new GetFolderAndContentsQuery(), query -> query.setUniqueId(folder.getUniqueId()), folder, entry);
        get("GetDocumentsAndAssociations", new GetDocumentsAndAssociationsQuery(), query -> query.setUuids(List.of(entry.getEntryUuid())), entry);
        results.of("ITI-18", DIRECTION, "GetAssociations: type, ends, SubmissionSetStatus", () -> {
            var query = new GetAssociationsQuery();
            query.setUuids(List.of(entry.getEntryUuid()));
            var answer = client.query(query);
            success(answer);
            Same.value("associations", 2, answer.getAssociations().size());
            for (var sent : List.of(original, filed)) {
                var came = answer.getAssociations().stream().filter(one -> one.getEntryUuid().equals(sent.getEntryUuid())).findFirst();
                Same.attributes(sent, came.orElseThrow(), "availabilityStatus");
                Same.value("status", APPROVED, came.orElseThrow().getAvailabilityStatus());
            }
        });
        results.of("ITI-18", DIRECTION, "GetDocuments of two patients is refused, ObjectRef is not", () -> {
            var other = Described.patient();
            var otherSet = Described.set(other, "set");
            var otherEntry = Described.kept(Described.entry(other, Described.uuid()), CONTENT, entry.getRepositoryUniqueId());
            var request = request(otherSet, otherEntry);
            request.getAssociations().add(Described.original(otherSet, otherEntry));
            success(client.register(request));
            var query = new GetDocumentsQuery();
            query.setUuids(List.of(entry.getEntryUuid(), otherEntry.getEntryUuid()));
            refused(client.query(query), ErrorCode.RESULT_NOT_SINGLE_PATIENT);
            references(client.references(query), entry.getEntryUuid(), otherEntry.getEntryUuid());
        });
    }

    private void refuse() {
        results.of("ITI-42", DIRECTION, "a submission set with a uniqueId that is taken", () -> {
            var again = Described.set(patient, Described.uuid());
            again.setUniqueId(set.getUniqueId());
            var other = Described.kept(Described.entry(patient, Described.uuid()), CONTENT, entry.getRepositoryUniqueId());
            var request = request(again, other);
            request.getAssociations().add(Described.original(again, other));
            refused(client.register(request), ErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY);
        });
        results.of("ITI-42", DIRECTION, "an entry with a uniqueId that is taken, another hash", () -> {
            var again = Described.set(patient, Described.uuid());
            var other = Described.kept(Described.entry(patient, Described.uuid()), "other".getBytes(), entry.getRepositoryUniqueId());
            other.setUniqueId(entry.getUniqueId());
            other.setSize(entry.getSize());
            var request = request(again, other);
            request.getAssociations().add(Described.original(again, other));
            refused(client.register(request), ErrorCode.NON_IDENTICAL_HASH);
        });
        results.of("ITI-42", DIRECTION, "a folder with a registered entry of another patient", () -> {
            var other = Described.patient();
            var again = Described.set(other, Described.uuid());
            var otherFolder = Described.folder(other, Described.uuid());
            var wrong = Described.member(otherFolder.getEntryUuid(), entry.getEntryUuid());
            var request = new RegisterDocumentSet();
            request.setSubmissionSet(again);
            request.getFolders().add(otherFolder);
            request.getAssociations().addAll(List.of(Described.member(again.getEntryUuid(), otherFolder.getEntryUuid()), wrong,
                    Described.member(again.getEntryUuid(), wrong.getEntryUuid())));
            refused(client.register(request), ErrorCode.PATIENT_ID_DOES_NOT_MATCH);
        });
        results.of("ITI-18", DIRECTION, "nothing of what was refused is visible", () -> holds(client.query(findDocuments()), entry));
    }

    private void replace() {
        var later = Described.set(patient, "later set");
        DocumentEntry corrected = SerializationUtils.clone(entry);
        corrected.setEntryUuid(Described.uuid());
        corrected.setUniqueId(Described.oid());
        var replaces = Described.association(AssociationType.REPLACE, corrected.getEntryUuid(), entry.getEntryUuid());
        results.of("ITI-42", DIRECTION, "a replacement (RPLC), symbolic id of the set", () -> {
            var request = request(later, corrected);
            request.getAssociations().addAll(List.of(Described.original(later, corrected), replaces));
            success(client.register(request));
            holds(client.query(findDocuments()), corrected);
            var all = findDocuments();
            all.setStatus(List.of(APPROVED, DEPRECATED));
            var statuses = client.query(all).getDocumentEntries().stream()
                    .collect(Collectors.toMap(DocumentEntry::getEntryUuid, DocumentEntry::getAvailabilityStatus));
            Same.value("replaced", DEPRECATED, statuses.get(entry.getEntryUuid()));
            Same.value("replacing", APPROVED, statuses.get(corrected.getEntryUuid()));
        });
        results.of("ITI-18", DIRECTION, "GetRelatedDocuments by RPLC", () -> {
            var query = new GetRelatedDocumentsQuery();
            query.setUuid(entry.getEntryUuid());
            query.setAssociationTypes(List.of(AssociationType.REPLACE));
            var answer = client.query(query);
            success(answer);
            Same.value("entries", Set.of(entry.getEntryUuid(), corrected.getEntryUuid()),
                    answer.getDocumentEntries().stream().map(XDSMetaClass::getEntryUuid).collect(Collectors.toSet()));
            Same.value("associations", 1, answer.getAssociations().size());
            Same.attributes(replaces, answer.getAssociations().get(0), "availabilityStatus");
        });
        results.of("ITI-18", DIRECTION, "GetFoldersForDocument: the replacing entry is in the folder too", () -> {
            var query = new GetFoldersForDocumentQuery();
            query.setUuid(corrected.getEntryUuid());
            holds(client.query(query), folder);
        });
        results.of("ITI-42", DIRECTION, "a replacement of what was replaced already", () -> {
            var again = Described.set(patient, "again");
            DocumentEntry second = SerializationUtils.clone(corrected);
            second.setEntryUuid(Described.uuid());
            second.setUniqueId(Described.oid());
            var request = request(again, second);
            request.getAssociations().add(Described.original(again, second));
            request.getAssociations().add(Described.association(AssociationType.REPLACE, second.getEntryUuid(), entry.getEntryUuid()));
            refused(client.register(request), ErrorCode.REGISTRY_DEPRECATED_DOCUMENT_ERROR);
        });
    }

    /** What an entry may be to another beside replacing it; only XFRM_RPLC deprecates. */
    private void relate() {
        for (var type : List.of(AssociationType.APPEND, AssociationType.TRANSFORM, AssociationType.TRANSFORM_AND_REPLACE)) {
            results.of("ITI-42", DIRECTION, "a relationship: " + type.getOpcode30().replaceAll(".*:", ""), () -> {
                var first = registerAnother(null, null);
                var second = registerAnother(type, first);
                var get = new GetDocumentsQuery();
                get.setUuids(List.of(first.getEntryUuid()));
                Same.value("status of what it relates to", type == AssociationType.TRANSFORM_AND_REPLACE ? DEPRECATED : APPROVED,
                        client.query(get).getDocumentEntries().get(0).getAvailabilityStatus());
                var related = new GetRelatedDocumentsQuery();
                related.setUniqueId(second.getUniqueId());
                related.setAssociationTypes(List.of(type));
                references(client.references(related), first.getEntryUuid(), second.getEntryUuid(),
                        client.query(related).getAssociations().get(0).getEntryUuid());
            });
        }
    }

    private DocumentEntry registerAnother(AssociationType type, DocumentEntry to) {
        var another = Described.set(patient, "Set");
        DocumentEntry one = SerializationUtils.clone(entry);
        one.setEntryUuid(Described.uuid());
        one.setUniqueId(Described.oid());
        var request = request(another, one);
        request.getAssociations().add(Described.original(another, one));
        if (to != null) {
            request.getAssociations().add(Described.association(type, one.getEntryUuid(), to.getEntryUuid()));
        }
        success(client.register(request));
        return one;
    }

    private void finds(String what, Consumer<FindDocumentsQuery> narrow, boolean found) {
        results.of("ITI-18", DIRECTION, "FindDocuments " + what + (found ? "" : ": none"), () -> {
            var query = findDocuments();
            narrow.accept(query);
            holds(client.query(query), found ? new XDSMetaClass[] {entry} : new XDSMetaClass[0]);
        });
    }

    private <Q extends Query> void get(String what, Q query, Consumer<Q> ids, XDSMetaClass... expected) {
        results.of("ITI-18", DIRECTION, what, () -> {
            ids.accept(query);
            holds(client.query(query), expected);
        });
    }

    private FindDocumentsQuery findDocuments() {
        return findDocuments(patient);
    }

    private static FindDocumentsQuery findDocuments(Identifiable patient) {
        var query = new FindDocumentsQuery();
        query.setPatientId(patient);
        query.setStatus(List.of(APPROVED));
        return query;
    }

    /** Codes in lists of their own are joined with AND. */
    private static QueryList<Code> both(List<Code> codes) {
        var list = new QueryList<Code>();
        codes.forEach(code -> list.getOuterList().add(List.of(code)));
        return list;
    }

    private static RegisterDocumentSet request(SubmissionSet set, DocumentEntry entry) {
        var request = new RegisterDocumentSet();
        request.setSubmissionSet(set);
        request.getDocumentEntries().add(entry);
        return request;
    }

    /** That these objects came, each attribute as it was sent, and no others. */
    private static void holds(QueryResponse answer, XDSMetaClass... expected) throws Exception {
        success(answer);
        var came = new java.util.ArrayList<XDSMetaClass>(answer.getDocumentEntries());
        came.addAll(answer.getSubmissionSets());
        came.addAll(answer.getFolders());
        Same.value("how many objects came", expected.length, came.size());
        for (var sent : expected) {
            var one = came.stream().filter(object -> object.getUniqueId().equals(sent.getUniqueId())).findFirst();
            Same.holds(sent.getUniqueId() + " did not come", one.isPresent());
            Same.attributes(Described.registered(sent, sent.getEntryUuid()), one.orElseThrow(), DECIDED);
        }
    }

    private static void references(QueryResponse answer, String... expected) {
        success(answer);
        Same.value("references", Set.of(expected),
                answer.getReferences().stream().map(ObjectReference::getId).collect(Collectors.toSet()));
        Same.value("whole objects beside references", 0, answer.getDocumentEntries().size());
    }

    static void success(Response answer) {
        Same.holds(answer.getStatus() + ": " + answer.getErrors(), answer.getStatus() == Status.SUCCESS && answer.getErrors().isEmpty());
    }

    static void refused(Response answer, ErrorCode... codes) {
        Same.value("status", Status.FAILURE, answer.getStatus());
        for (var error : answer.getErrors()) {
            Same.holds("expected " + List.of(codes) + ", was " + error, List.of(codes).contains(error.getErrorCode()));
        }
        Same.holds("a refusal without an error", !answer.getErrors().isEmpty());
    }
}
