package peers;

import java.util.Map;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.responses.ErrorCode;

/** IPF submits for a patient of whom no feed has told. */
record UnknownPatient(Results results, IpfClient client, Node node) {
    void run() {
        var patient = Described.patient();
        results.of("ITI-42", "IPF to dosebook", "an entry of an unknown patient", () -> {
            var set = Described.set(patient, Described.uuid());
            var entry = Described.kept(Described.entry(patient, Described.uuid()), new byte[] {1}, node.repositoryUniqueId());
            var request = new RegisterDocumentSet();
            request.setSubmissionSet(set);
            request.getDocumentEntries().add(entry);
            request.getAssociations().add(Described.original(set, entry));
            RegisterAndQuery.refused(client.register(request), ErrorCode.UNKNOWN_PATIENT_ID);
        });
        results.of("ITI-41", "IPF to dosebook", "a document of an unknown patient", () -> {
            var entry = Described.entry(patient, "Document01");
            var request = ProvideAndRetrieve.provide(Described.set(patient, "Set"), Map.of(entry.getUniqueId(), new byte[] {1}), entry);
            RegisterAndQuery.refused(client.provide(request), ErrorCode.UNKNOWN_PATIENT_ID);
        });
    }
}
