package peers;

import jakarta.activation.DataHandler;
import jakarta.mail.util.ByteArrayDataSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.*;
import org.openehealth.ipf.commons.ihe.xds.core.requests.DocumentReference;
import org.openehealth.ipf.commons.ihe.xds.core.requests.ProvideAndRegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.FindDocumentsQuery;
import org.openehealth.ipf.commons.ihe.xds.core.responses.ErrorCode;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Status;

/** IPF provides documents by MTOM and retrieves them. */
final class ProvideAndRetrieve {
    private static final String DIRECTION = "IPF to dosebook";

    private final Results results;
    private final IpfClient client;
    private final String repository;

    private final Identifiable patient = Described.patient();
    private final DocumentEntry large = Described.entry(patient, "Document01");
    private final DocumentEntry small = Described.entry(patient, "Document02");
    private final Map<String, byte[]> contents;

    ProvideAndRetrieve(Results results, IpfClient client, Node node) {
        this.results = results;
        this.client = client;
        repository = node.repositoryUniqueId();
        var noise = new byte[3 * 1024 * 1024 + 1];
        new Random(42).nextBytes(noise);
        // Line ends and a boundary's beginning, which a careless reader of MIME would take for its own.
        var lines = "\r\n--uuid\r\n--\n\u00e9\r\n".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        contents = Map.of(large.getUniqueId(), noise, small.getUniqueId(), lines);
    }

    void run() {
        results.of("ITI-41", DIRECTION, "two documents (3 MiB; line ends), symbolic ids, MTOM", () -> {
            var set = Described.set(patient, "SubmissionSet01");
            RegisterAndQuery.success(client.provide(provide(set, contents, large, small)));
        });
        results.of("ITI-18", DIRECTION, "FindDocuments: what was provided, with hash, size, repositoryUniqueId", () -> {
            var query = new FindDocumentsQuery();
            query.setPatientId(patient);
            query.setStatus(List.of(AvailabilityStatus.APPROVED));
            var came = client.query(query).getDocumentEntries().stream()
                    .collect(Collectors.toMap(DocumentEntry::getUniqueId, one -> one));
            Same.value("entries", contents.keySet(), came.keySet());
            for (var sent : List.of(large, small)) {
                var one = came.get(sent.getUniqueId());
                Same.holds("an entryUUID in place of a symbolic id", one.getEntryUuid().startsWith("urn:uuid:"));
                var kept = Described.kept(sent, contents.get(sent.getUniqueId()), repository);
                Same.attributes(Described.registered(kept, one.getEntryUuid()), one, "logicalUuid", "version");
            }
        });
        results.of("ITI-43", DIRECTION, "one document", () -> came(client.retrieve(List.of(reference(small))), small));
        results.of("ITI-43", DIRECTION, "two documents", () ->
                came(client.retrieve(List.of(reference(large), reference(small))), large, small));
        results.of("ITI-43", DIRECTION, "a document that is not there", () -> {
            var unknown = new DocumentReference(repository, Described.oid(), null);
            RegisterAndQuery.refused(client.retrieve(List.of(unknown)), ErrorCode.DOCUMENT_UNIQUE_ID_ERROR);
        });
        results.of("ITI-43", DIRECTION, "one that is there and one that is not: PartialSuccess", () -> {
            var answer = client.retrieve(List.of(reference(small), new DocumentReference(repository, Described.oid(), null)));
            Same.value("status", Status.PARTIAL_SUCCESS, answer.getStatus());
            Same.value("error", ErrorCode.DOCUMENT_UNIQUE_ID_ERROR, answer.getErrors().get(0).getErrorCode());
            bytes(answer, small);
        });
        results.of("ITI-43", DIRECTION, "a repository that it is not", () ->
                RegisterAndQuery.refused(client.retrieve(List.of(new DocumentReference("1.2.3.4.5.6", small.getUniqueId(), null))),
                        ErrorCode.UNKNOWN_REPOSITORY_ID));
        replace();
    }

    private void replace() {
        results.of("ITI-41", DIRECTION, "a uniqueId that is taken, another content", () -> {
            var again = Described.entry(patient, "Document01");
            again.setUniqueId(small.getUniqueId());
            var other = Map.of(again.getUniqueId(), "another".getBytes());
            RegisterAndQuery.refused(client.provide(provide(Described.set(patient, "Set"), other, again)),
                    ErrorCode.NON_IDENTICAL_HASH, ErrorCode.NON_IDENTICAL_SIZE);
            came(client.retrieve(List.of(reference(small))), small);
        });
        results.of("ITI-41", DIRECTION, "a replacement (RPLC); the replaced one is still retrieved", () -> {
            var query = new FindDocumentsQuery();
            query.setPatientId(patient);
            query.setStatus(List.of(AvailabilityStatus.APPROVED));
            var registered = client.query(query).getDocumentEntries().stream()
                    .filter(one -> one.getUniqueId().equals(small.getUniqueId())).findFirst().orElseThrow();
            var corrected = Described.entry(patient, "Document01");
            var content = Map.of(corrected.getUniqueId(), "corrected".getBytes());
            var request = provide(Described.set(patient, "Set"), content, corrected);
            request.getAssociations().add(Described.association(AssociationType.REPLACE, "Document01", registered.getEntryUuid()));
            RegisterAndQuery.success(client.provide(request));
            Same.value("approved", java.util.Set.of(large.getUniqueId(), corrected.getUniqueId()), client.query(query).getDocumentEntries()
                    .stream().map(DocumentEntry::getUniqueId).collect(Collectors.toSet()));
            came(client.retrieve(List.of(reference(small))), small);
        });
    }

    private DocumentReference reference(DocumentEntry entry) {
        return new DocumentReference(repository, entry.getUniqueId(), null);
    }

    private void came(RetrievedDocumentSet answer, DocumentEntry... expected) throws Exception {
        RegisterAndQuery.success(answer);
        bytes(answer, expected);
    }

    private void bytes(RetrievedDocumentSet answer, DocumentEntry... expected) throws Exception {
        Same.value("documents", expected.length, answer.getDocuments().size());
        for (var document : answer.getDocuments()) {
            var id = document.getRequestData().getDocumentUniqueId();
            Same.value("repository", repository, document.getRequestData().getRepositoryUniqueId());
            Same.value("mimeType", "application/dicom", document.getMimeType());
            Same.holds("asked for " + id, java.util.Arrays.stream(expected).anyMatch(entry -> entry.getUniqueId().equals(id)));
            Same.bytes(id, contents.get(id), document.getDataHandler().getInputStream().readAllBytes());
        }
    }

    static ProvideAndRegisterDocumentSet provide(SubmissionSet set, Map<String, byte[]> contents, DocumentEntry... entries) {
        var request = new ProvideAndRegisterDocumentSet();
        request.setSubmissionSet(set);
        for (var entry : entries) {
            var source = new ByteArrayDataSource(contents.get(entry.getUniqueId()), entry.getMimeType());
            request.getDocuments().add(new Document(entry, new DataHandler(source)));
            request.getAssociations().add(Described.original(set, entry));
        }
        return request;
    }
}
