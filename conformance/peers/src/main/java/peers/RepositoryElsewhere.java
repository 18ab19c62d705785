package peers;

import java.nio.file.Files;
import java.util.List;

/** A Repository of ours that registers with IPF. */
record RepositoryElsewhere(Results results, IpfServer server, Program program) {
    void run() {
        results.of("ITI-42", "dosebook to IPF", "a node with its registry elsewhere registers what it was provided", () -> {
            var before = server.entries.size();
            var more = """
                    [registry]
                    enabled = false
                    [repository]
                    registry = { ITI-42 = "%s", ITI-18 = "%s" }
                    """.formatted(server.url("iti42"), server.url("iti18"));
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
        results.of("ITI-18", "dosebook to IPF", "find: the registry of such a node, at another URL than where it registers", () -> {
            var said = program.run("find", "--json", "--config", program.folder().resolve("repository.toml").toString(),
                    "--patient", "peer-2^^^&" + Node.AUTHORITY + "&ISO").succeeded();
            Same.value("what IPF's validators did not like", List.of(), server.refusals);
            Same.value("documents", server.entries.get(server.entries.size() - 1).getUniqueId(), said.values().get(0).get(0).get("unique_id").asText());
        });
    }
}
