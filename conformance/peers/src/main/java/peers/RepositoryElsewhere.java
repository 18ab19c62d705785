package peers;

import java.nio.file.Files;
import java.util.List;

/** A Repository of ours that registers with IPF. */
record RepositoryElsewhere(Results results, IpfServer server, Program program) {
    void run() {
        results.of("ITI-42", "dosebook to IPF", "a node with its registry elsewhere registers what it was provided", () -> {
            var before = server.entries.size();
            var more = "[registry]\nenabled = false\n[repository]\nregistry = \"" + server.url("iti42") + "\"\n";
            try (var node = Node.start(program, "repository", more)) {
                var letter = Files.writeString(program.folder().resolve("elsewhere.pdf"), "%PDF-1.4 elsewhere");
                var said = program.run("submit", "--json", "--config", program.folder().resolve("source.toml").toString(),
                        "--registry", server.url("iti18"), "--repository", node.repository(),
                        "--patient", "peer-2^^^&" + Node.AUTHORITY + "&ISO",
                        "--metadata", program.folder().resolve("letter.toml").toString(), letter.toString());
                Same.value("what IPF's validators did not like", List.of(), server.refusals);
                said.succeeded();
                Same.value("entries that came", before + 1, server.entries.size());
                var entry = server.entries.get(before);
                var uniqueId = said.values().get(0).get("unique_id").asText();
                Same.value("uniqueId", uniqueId, entry.getUniqueId());
                var kept = Described.kept(entry, Files.readAllBytes(letter), node.said().get("repository_unique_id").asText());
                Same.attributes(kept, entry);
            }
        });
    }
}
