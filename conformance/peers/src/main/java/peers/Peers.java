package peers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.LogManager;

/** Runs every case between our program and IPF, prints what came of each, and ends with 0 only if all passed. */
public final class Peers {
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: Peers PROGRAM FOLDER SAMPLES: our program, an empty folder, a folder of dose reports");
            System.exit(2);
        }
        var folder = Path.of(arguments[1]).toAbsolutePath();
        var program = new Program(Path.of(arguments[0]).toAbsolutePath(), folder);
        var certificates = folder.resolve("certs");
        program.run("certs", "init", certificates.toString()).succeeded();
        for (var name : new String[] {"node", "ipf", "source"}) {
            program.run("certs", "issue", name, "--dir", certificates.toString()).succeeded();
        }
        var identity = Identity.read(certificates, "ipf");

        // Tomcat and CXF tell of every start. What goes wrong stands in the results.
        LogManager.getLogManager().reset();
        var results = new Results();
        var tls = new MutualTls(results, identity, program);
        try (var node = Node.start(program, "node", "")) {
            try (var client = new IpfClient(identity, node)) {
                new RegisterAndQuery(results, client, node).run();
                new ProvideAndRetrieve(results, client, node).run();
            }
            tls.ofNode(node);
        }
        try (var node = Node.start(program, "feed", "[registry]\npatients = \"feed\"\n");
                var client = new IpfClient(identity, node)) {
            new UnknownPatient(results, client, node).run();
        }
        try (var server = new IpfServer(identity, Files.createDirectory(folder.resolve("tomcat")))) {
            new SourceAndConsumer(results, server, program, Path.of(arguments[2])).run();
            new RepositoryElsewhere(results, server, program).run();
            tls.ofServer(server);
        }
        results.print();
        System.exit(results.allPassed() ? 0 : 1);
    }
}
