package peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Our program, as a person runs it. */
record Program(Path path, Path folder) {
    static final ObjectMapper JSON = new ObjectMapper();

    /** What a command said and how it ended. */
    record Said(List<String> command, int exit, String out, String err) {
        Said succeeded() {
            Same.holds(command + " ended with " + exit + ": " + err.strip() + " " + out.strip(), exit == 0);
            return this;
        }

        /** With {@code --json} a value a line. */
        List<JsonNode> values() throws Exception {
            var values = new ArrayList<JsonNode>();
            for (var line : out.lines().toList()) {
                values.add(JSON.readTree(line));
            }
            return values;
        }
    }

    Said run(String... arguments) throws Exception {
        var command = command(arguments);
        var out = Files.createTempFile(folder, "said", ".out");
        var err = Files.createTempFile(folder, "said", ".err");
        var process = new ProcessBuilder(command).directory(folder.toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(command + " did not end within a minute: " + Files.readString(err));
        }
        return new Said(command, process.exitValue(), Files.readString(out), Files.readString(err));
    }

    List<String> command(String... arguments) {
        var command = new ArrayList<>(List.of(path.toString()));
        command.addAll(List.of(arguments));
        return command;
    }
}
