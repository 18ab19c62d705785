package peers;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** zeep, a SOAP client for Python that knows nothing but a WSDL: it reads ours, and calls what it says. */
record Zeep(Results results, Path python, Path script) {
    private static final String DIRECTION = "zeep to dosebook";

    void run(Node node, Path certificates) throws Exception {
        var process = new ProcessBuilder(List.of(python.toString(), "-B", script.toString(),
                "--registry", node.registry(), "--repository", node.repository(), "--certificates", certificates.toString(),
                "--repository-id", node.repositoryUniqueId(), "--authority", Node.AUTHORITY))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var came = 0;
        for (var line : (Iterable<String>) process.inputReader().lines()::iterator) {
            var said = Program.JSON.readTree(line);
            results.came(said.get("transaction").asText(), DIRECTION, said.get("what").asText(), said.get("result").asText());
            came++;
        }
        var exited = process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
        if (exited != 0 || came == 0) {
            results.came("WSDL", DIRECTION, "zeep's run", "FAILED: it ended with " + exited + " after " + came + " cases");
        }
    }
}
