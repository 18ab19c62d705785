package peers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.LogManager;
import javax.xml.validation.Schema;
import org.apache.cxf.BusFactory;

/** Runs every case between our program and its peers, prints what came of each, and ends with 0 only if all passed. */
public final class Peers {
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3 && arguments.length != 5) {
            System.err.println("usage: Peers PROGRAM FOLDER SAMPLES [PYTHON SCRIPT]: our program, an empty folder, a folder of dose"
                    + " reports, a Python with zeep and what runs there");
            System.exit(2);
        }
        var folder = Path.of(arguments[1]).toAbsolutePath();
        var program = new Program(Path.of(arguments[0]).toAbsolutePath(), folder);
        var certificates = folder.resolve("certs");
        program.run("certs", "init", certificates.toString()).succeeded();
        for (var name : new String[] {"node", "ipf", "zeep", "source"}) {
            program.run("certs", "issue", name, "--dir", certificates.toString()).succeeded();
        }
        var identity = Identity.read(certificates, "ipf");

        // Tomcat and CXF tell of every start. What goes wrong stands in the results.
        LogManager.getLogManager().reset();
        var captured = new Captured();
        BusFactory.getDefaultBus().getInInterceptors().add(captured);
        var results = new Results();
        var tls = new MutualTls(results, identity, program);
        var schemas = new Schemas(identity.context());
        Schema served;
        try (var node = Node.start(program, "node", "")) {
            try (var client = new IpfClient(identity, node)) {
                new RegisterAndQuery(results, client, node).run();
                new ProvideAndRetrieve(results, client, node).run();
            }
            if (arguments.length == 5) {
                new Zeep(results, Path.of(arguments[3]).toAbsolutePath(), Path.of(arguments[4])).run(node, certificates);
            }
            tls.ofNode(node);
            served = schemas.served(node);
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
        var sent = new SchemaValid(results, captured.envelopes);
        sent.by("the schemas of ebRS 3.0 and IHE", schemas.ofPeer());
        sent.by("the schemas that a node serves", served);
        results.print();
        System.exit(results.allPassed() ? 0 : 1);
    }
}
