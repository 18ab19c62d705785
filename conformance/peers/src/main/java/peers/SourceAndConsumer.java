package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.*;

/** Our Document Source and Consumer on the command line, with IPF as Registry and Repository. */
final class SourceAndConsumer {
    private static final String DIRECTION = "dosebook to IPF";
    private static final String PATIENT = "peer-1^^^&" + Node.AUTHORITY + "&ISO";

    private final Results results;
    private final IpfServer server;
    private final Program program;
    private final String configuration;
    private final List<Path> reports;
    /** What our source said: the file of each uniqueId. */
    private final Map<String, Path> submitted = new java.util.LinkedHashMap<>();

    SourceAndConsumer(Results results, IpfServer server, Program program, Path samples) throws Exception {
        this.results = results;
        this.server = server;
        this.program = program;
        try (var files = Files.list(samples)) {
            reports = files.filter(file -> file.toString().endsWith(".dcm")).sorted().toList();
        }
        var partner = """
                [[community]]
                name = "IPF"
                patient_authority = "%s"
                registry = "%s"
                [[community.repository]]
                unique_id = "%s"
                url = "%s"
                """.formatted(Node.AUTHORITY, server.url("iti18"), IpfServer.REPOSITORY, server.url("iti43"));
        configuration = Node.configuration(program, "source", "source", partner).toString();
    }

    void run() {
        results.of("ITI-41", DIRECTION, "submit: dose reports", () -> {
            Same.holds("dose reports to submit", !reports.isEmpty());
            var arguments = new ArrayList<>(List.of("--patient", PATIENT));
            reports.forEach(report -> arguments.add(report.toString()));
            submit(arguments.toArray(new String[0]));
            Same.value("documents", reports.size(), submitted.size());
        });
        results.of("ITI-41", DIRECTION, "submit: the bytes, and what entry and set say of them", () -> {
            Same.value("entries", submitted.keySet(), ids(server.entries));
            for (var entry : server.entries) {
                Same.bytes(entry.getUniqueId(), Files.readAllBytes(submitted.get(entry.getUniqueId())), server.contents.get(entry.getUniqueId()));
                Same.value("patientId", Identifiable.parse(PATIENT), entry.getPatientId());
                Same.value("mimeType", "application/dicom", entry.getMimeType());
            }
            Same.value("submission sets", submitted.size(), server.sets.size());
            for (var set : server.sets) {
                Same.value("patientId", Identifiable.parse(PATIENT), set.getPatientId());
                Same.value("contentTypeCode", "18748-4", set.getContentTypeCode().getCode());
            }
        });
        results.of("ITI-18", DIRECTION, "submit again: GetDocuments finds them, nothing is sent twice", () -> {
            var said = program.run("submit", "--json", "--config", configuration, "--registry", server.url("iti18"),
                    "--repository", server.url("iti41"), "--patient", PATIENT, reports.get(0).toString()).succeeded();
            Same.value("outcome", "already there", said.values().get(0).get("outcome").asText());
            Same.value("submission sets", submitted.size(), server.sets.size());
            Same.holds("queries " + server.queries, server.queries.contains("GetDocumentsQuery LEAF_CLASS"));
            unrefused();
        });
        results.of("ITI-41", DIRECTION, "submit --metadata: a document that is no dose report", this::letter);
        results.of("ITI-18", DIRECTION, "find: every attribute that it prints", () -> {
            var found = find();
            Same.value("documents", ids(server.entries), found.keySet());
            for (var entry : server.entries) {
                printed(entry, found.get(entry.getUniqueId()));
            }
        });
        results.of("ITI-18", DIRECTION, "find --type: of one typeCode", () ->
                Same.value("documents", server.entries.stream().filter(entry -> entry.getTypeCode().getCode().equals("11528-7"))
                        .map(DocumentEntry::getUniqueId).collect(Collectors.toSet()), find("--type", "11528-7^^2.16.840.1.113883.6.1").keySet()));
        results.of("ITI-43", DIRECTION, "fetch: one document", () -> {
            var id = server.entries.get(0).getUniqueId();
            fetched(Map.of(id, server.contents.get(id)), id);
        });
        results.of("ITI-43", DIRECTION, "fetch: all documents of the patient", () -> fetched(server.contents, "--patient", PATIENT));
        results.of("ITI-43", DIRECTION, "fetch: a document that the repository has lost", () -> {
            var id = server.entries.get(0).getUniqueId();
            var content = server.contents.remove(id);
            var said = fetch("lost", id);
            server.contents.put(id, content);
            Same.value("exit", 1, said.exit());
            Same.value("outcome", "not fetched", said.values().get(0).get("outcome").asText());
            Same.holds("the peer's error code: " + said.out(), said.out().contains("XDSDocumentUniqueIdError"));
        });
        results.of("ITI-43", DIRECTION, "fetch: a document that is not what its entry says", () -> {
            var id = server.entries.get(0).getUniqueId();
            var content = server.contents.put(id, "something else".getBytes());
            var said = fetch("changed", id);
            server.contents.put(id, content);
            Same.value("exit", 1, said.exit());
            Same.value("outcome", "not fetched", said.values().get(0).get("outcome").asText());
        });
        results.of("ITI-41", DIRECTION, "submit --replace: an RPLC association of what was found by uniqueId", this::replace);
    }

    private void letter() throws Exception {
        var letter = Files.writeString(program.folder().resolve("letter.pdf"), "%PDF-1.4 a letter, é");
        var metadata = Files.writeString(program.folder().resolve("letter.toml"), """
                mime_type = "application/pdf"
                format = { code = "urn:ihe:iti:xds-sd:pdf:2008", scheme = "1.3.6.1.4.1.19376.1.2.3", display = "PDF" }
                type = { code = "11528-7", scheme = "2.16.840.1.113883.6.1", display = "Radiology report" }
                title = "Lettre à la clinique"
                author = ["Lefèvre", "Anne"]
                creation_time = "20240315101530"
                """);
        submit("--patient", PATIENT, "--metadata", metadata.toString(), letter.toString());
        var entry = server.entries.get(server.entries.size() - 1);
        Same.value("mimeType", "application/pdf", entry.getMimeType());
        Same.value("title", "Lettre à la clinique", entry.getTitle().getValue());
        Same.value("typeCode", "11528-7", entry.getTypeCode().getCode());
        Same.value("formatCode", "urn:ihe:iti:xds-sd:pdf:2008", entry.getFormatCode().getCode());
        Same.value("author", "Lefèvre", entry.getAuthors().get(0).getAuthorPerson().getName().getFamilyName());
        Same.value("creationTime", Timestamp.fromHL7("20240315101530"), entry.getCreationTime());
        Same.bytes("letter", Files.readAllBytes(letter), server.contents.get(entry.getUniqueId()));
    }

    private void replace() throws Exception {
        var replaced = server.entries.get(server.entries.size() - 1);
        var letter = Files.writeString(program.folder().resolve("corrected.pdf"), "%PDF-1.4 the corrected letter");
        submit("--patient", PATIENT, "--metadata", program.folder().resolve("letter.toml").toString(),
                "--replace", replaced.getUniqueId(), letter.toString());
        var association = server.associations.stream()
                .filter(one -> one.getAssociationType() == AssociationType.REPLACE).findFirst().orElseThrow();
        Same.value("target", replaced.getEntryUuid(), association.getTargetUuid());
        Same.value("status", AvailabilityStatus.DEPRECATED, replaced.getAvailabilityStatus());
        Same.holds("found no more", !find().containsKey(replaced.getUniqueId()));
        Same.value("found as deprecated", "deprecated", find("--status", "any").get(replaced.getUniqueId()).get("status").asText());
    }

    /** IPF serves each transaction at a URL of its own. Our source asks two of them, and is told both. */
    private void submit(String... arguments) throws Exception {
        var all = new ArrayList<>(List.of("submit", "--json", "--config", configuration,
                "--registry", server.url("iti18"), "--repository", server.url("iti41")));
        all.addAll(Arrays.asList(arguments));
        var said = program.run(all.toArray(new String[0]));
        unrefused();
        said.succeeded();
        for (var value : said.values()) {
            if (value.has("outcome")) {
                Same.value(value.toString(), "submitted", value.get("outcome").asText());
                submitted.put(value.get("unique_id").asText(), Path.of(value.get("file").asText()));
            }
        }
    }

    private Map<String, JsonNode> find(String... arguments) throws Exception {
        var all = new ArrayList<>(List.of("find", "--json", "--config", configuration, "--community", "IPF", "--patient", PATIENT));
        all.addAll(Arrays.asList(arguments));
        var said = program.run(all.toArray(new String[0])).succeeded();
        unrefused();
        var found = new java.util.HashMap<String, JsonNode>();
        said.values().get(0).forEach(entry -> found.put(entry.get("unique_id").asText(), entry));
        return found;
    }

    private void fetched(Map<String, byte[]> expected, String... what) throws Exception {
        var said = fetch("fetched-" + expected.size(), what).succeeded();
        unrefused();
        var ids = new java.util.HashSet<String>();
        for (var value : said.values()) {
            var id = value.get("unique_id").asText();
            ids.add(id);
            Same.bytes(id, expected.get(id), Files.readAllBytes(program.folder().resolve(value.get("file").asText())));
        }
        Same.value("documents", expected.keySet(), ids);
    }

    private Program.Said fetch(String into, String... what) throws Exception {
        var all = new ArrayList<>(List.of("fetch", "--json", "--config", configuration, "--community", "IPF", "--out", into));
        all.addAll(Arrays.asList(what));
        return program.run(all.toArray(new String[0]));
    }

    private void unrefused() {
        Same.value("what IPF's validators did not like", List.of(), server.refusals);
    }

    private static java.util.Set<String> ids(List<DocumentEntry> entries) {
        return entries.stream().map(DocumentEntry::getUniqueId).collect(Collectors.toSet());
    }

    private static void printed(DocumentEntry entry, JsonNode said) {
        Same.value("entry_uuid", entry.getEntryUuid(), said.get("entry_uuid").asText());
        Same.value("repository_unique_id", IpfServer.REPOSITORY, said.get("repository_unique_id").asText());
        Same.value("patient", PATIENT, said.get("patient").asText());
        Same.value("status", "approved", said.get("status").asText());
        Same.value("title", entry.getTitle() == null ? null : entry.getTitle().getValue(), said.get("title").textValue());
        Same.value("mime_type", entry.getMimeType(), said.get("mime_type").asText());
        Same.value("size", entry.getSize(), said.get("size").asLong());
        Same.value("hash", entry.getHash(), said.get("hash").asText());
        code("type", entry.getTypeCode(), said);
        code("class", entry.getClassCode(), said);
        code("format", entry.getFormatCode(), said);
        time("creation_time", entry.getCreationTime(), said);
        time("service_start_time", entry.getServiceStartTime(), said);
        time("service_stop_time", entry.getServiceStopTime(), said);
    }

    private static void code(String name, Code code, JsonNode said) {
        Same.value(name, code.getCode(), said.get(name).get("code").asText());
        Same.value(name + " scheme", code.getSchemeName(), said.get(name).get("scheme").asText());
        Same.value(name + " display", code.getDisplayName().getValue(), said.get(name).get("display").asText());
    }

    private static void time(String name, Timestamp time, JsonNode said) {
        Same.value(name, Timestamp.toHL7(time), said.get(name).textValue());
    }
}
