package peers;

import java.net.URI;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** That nobody is answered, or asked, whose certificate the other does not know. */
record MutualTls(Results results, Identity identity, Program program) {
    void ofNode(Node node) {
        results.of("TLS", "IPF to dosebook", "a client without a certificate", () -> {
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(identity.trusted());
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            var address = URI.create(node.registry());
            try (var socket = (SSLSocket) context.getSocketFactory().createSocket(address.getHost(), address.getPort())) {
                socket.setSoTimeout(10_000);
                socket.startHandshake();
                // With TLS 1.3 a client learns only afterwards that its certificate was missed.
                socket.getInputStream().read();
            } catch (SSLException refused) {
                Same.holds(refused.getMessage(), refused.getMessage().contains("certificate"));
                return;
            }
            throw new AssertionError("it was let in");
        });
    }

    void ofServer(IpfServer server) throws Exception {
        var strangers = program.folder().resolve("strangers");
        program.run("certs", "init", strangers.toString()).succeeded();
        program.run("certs", "issue", "source", "--dir", strangers.toString()).succeeded();
        var ours = program.folder().resolve("certs");
        results.of("TLS", "dosebook to IPF", "our client with a certificate of another CA: it says whose fault it is", () ->
                unanswered(server, strangers, ours, "does not accept our certificate"));
        results.of("TLS", "dosebook to IPF", "our client meets a server with a certificate of another CA", () ->
                unanswered(server, ours, strangers, "invalid peer certificate"));
    }

    private void unanswered(IpfServer server, Path own, Path trusted, String reason) throws Exception {
        var queries = server.queries.size();
        var said = program.run("find", "--config", program.folder().resolve("source.toml").toString(),
                "--registry", server.url("iti18"), "--patient", "peer-1",
                "--certificate", own.resolve("source.pem").toString(), "--key", own.resolve("source.key").toString(),
                "--trust", trusted.resolve("ca.pem").toString());
        Same.value("exit", 3, said.exit());
        Same.holds("the reason: " + said.err(), said.err().contains(reason));
        Same.value("queries that were answered", queries, server.queries.size());
    }
}
