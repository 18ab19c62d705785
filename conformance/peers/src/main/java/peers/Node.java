package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A node of ours in an empty folder on free ports. It ends with us, however we end: it stops when stdin does. */
record Node(Process process, JsonNode said) implements AutoCloseable {
    static final String AUTHORITY = "1.3.6.1.4.1.21367.13.20.1000";

    static Node start(Program program, String name, String more) throws Exception {
        var file = configuration(program, name, "node", more);
        var process = new ProcessBuilder(program.command("serve", "--config", file.toString(), "--json", "--until-stdin-ends"))
                .directory(program.folder().toFile())
                .redirectError(program.folder().resolve(name + ".log").toFile())
                .start();
        var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var line = out.readLine();
        if (line == null) {
            throw new AssertionError("the node did not start: " + Files.readString(program.folder().resolve(name + ".log")));
        }
        return new Node(process, Program.JSON.readTree(line));
    }

    /** A configuration with an identity and ports of its own. A section that is here must not be in {@code more}. */
    static Path configuration(Program program, String name, String identity, String more) throws Exception {
        var text = """
                [node]
                name = "%1$s"
                data = "data-%1$s"
                [soap]
                listen = "127.0.0.1:0"
                [web]
                listen = "127.0.0.1:0"
                [identity]
                certificate = "certs/%2$s.pem"
                key = "certs/%2$s.key"
                trust = "certs/ca.pem"
                [domain]
                patient_authority = "%3$s"
                %4$s""".formatted(name, identity, AUTHORITY, more);
        return Files.writeString(program.folder().resolve(name + ".toml"), text);
    }

    String registry() {
        return said.get("registry").asText();
    }

    String repository() {
        return said.get("repository").asText();
    }

    String repositoryUniqueId() {
        return said.get("repository_unique_id").asText();
    }

    @Override
    public void close() throws Exception {
        process.getOutputStream().close();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
