package peers;

import static org.openehealth.ipf.platform.camel.ihe.xds.XdsCamelValidators.*;

import jakarta.activation.DataHandler;
import jakarta.mail.util.ByteArrayDataSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.cxf.BusFactory;
import org.apache.cxf.transport.servlet.CXFNonSpringServlet;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.*;
import org.openehealth.ipf.commons.ihe.xds.core.requests.*;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.*;
import org.openehealth.ipf.commons.ihe.xds.core.responses.*;

/** IPF as Document Registry and Repository, which keeps what came in memory. It refuses what its validators do not like. */
final class IpfServer implements AutoCloseable {
    static final String REPOSITORY = "1.3.6.1.4.1.21367.2011.2.3.7";

    /** What came, in the order in which it did. */
    final List<SubmissionSet> sets = new CopyOnWriteArrayList<>();
    final List<DocumentEntry> entries = new CopyOnWriteArrayList<>();
    final List<Association> associations = new CopyOnWriteArrayList<>();
    final Map<String, byte[]> contents = new ConcurrentHashMap<>();
    /** What the validators did not like. */
    final List<String> refusals = new CopyOnWriteArrayList<>();
    /** The queries that came, and as what they wanted their objects. */
    final List<String> queries = new CopyOnWriteArrayList<>();

    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final Tomcat tomcat = new Tomcat();

    IpfServer(Identity identity, Path folder) throws Exception {
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                onException(Exception.class).process(exchange ->
                        refusals.add(exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class).toString()));
                from("xds-iti18:iti18?audit=false").process(Encoded.SIMPLE).process(iti18RequestValidator())
                        .process(exchange -> answer(exchange, query(exchange.getIn().getBody(QueryRegistry.class))))
                        .process(iti18ResponseValidator());
                from("xds-iti41:iti41?audit=false").process(Encoded.MTOM).process(iti41RequestValidator())
                        .process(exchange -> answer(exchange, provide(exchange.getIn().getBody(ProvideAndRegisterDocumentSet.class))))
                        .process(iti41ResponseValidator());
                from("xds-iti42:iti42?audit=false").process(Encoded.SIMPLE).process(iti42RequestValidator())
                        .process(exchange -> answer(exchange, register(exchange.getIn().getBody(RegisterDocumentSet.class))))
                        .process(iti42ResponseValidator());
                from("xds-iti43:iti43?audit=false").process(Encoded.MTOM).process(iti43RequestValidator())
                        .process(exchange -> answer(exchange, retrieve(exchange.getIn().getBody(RetrieveDocumentSet.class))))
                        .process(iti43ResponseValidator());
            }
        });
        camel.start();
        tomcat.setBaseDir(folder.toString());
        tomcat.setConnector(connector(identity));
        var context = tomcat.addContext("", folder.toString());
        var servlet = new CXFNonSpringServlet();
        servlet.setBus(BusFactory.getDefaultBus());
        Tomcat.addServlet(context, "cxf", servlet);
        context.addServletMappingDecoded("/*", "cxf");
        tomcat.start();
    }

    String url(String transaction) {
        return "https://localhost:" + tomcat.getConnector().getLocalPort() + "/" + transaction;
    }

    private static Connector connector(Identity identity) throws Exception {
        var connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        connector.setProperty("SSLEnabled", "true");
        connector.setScheme("https");
        connector.setSecure(true);
        var host = new SSLHostConfig();
        host.setCertificateVerification("required");
        host.setProtocols("TLSv1.2+TLSv1.3");
        host.setTrustStore(identity.trusted());
        var certificate = new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.UNDEFINED);
        certificate.setCertificateKeystore(identity.own());
        certificate.setCertificateKeystorePassword(Identity.PASSWORD);
        host.addCertificate(certificate);
        connector.addSslHostConfig(host);
        return connector;
    }

    private static void answer(Exchange exchange, Response response) {
        exchange.getMessage().setBody(response);
    }

    private Response provide(ProvideAndRegisterDocumentSet request) throws Exception {
        for (var document : request.getDocuments()) {
            var content = document.getContent(DataHandler.class).getInputStream().readAllBytes();
            contents.put(document.getDocumentEntry().getUniqueId(), content);
            keep(Described.kept(document.getDocumentEntry(), content, REPOSITORY));
        }
        return keep(request.getSubmissionSet(), request.getAssociations());
    }

    private Response register(RegisterDocumentSet request) {
        request.getDocumentEntries().forEach(this::keep);
        return keep(request.getSubmissionSet(), request.getAssociations());
    }

    private void keep(DocumentEntry entry) {
        // A client may name its objects symbolically; whoever registers gives them their UUIDs.
        var uuid = entry.getEntryUuid().startsWith("urn:uuid:") ? entry.getEntryUuid() : Described.uuid();
        entries.add(Described.registered(entry, uuid));
    }

    private Response keep(SubmissionSet set, List<Association> with) {
        sets.add(set);
        associations.addAll(with);
        for (var association : with) {
            if (association.getAssociationType() == AssociationType.REPLACE) {
                entries.stream().filter(entry -> entry.getEntryUuid().equals(association.getTargetUuid()))
                        .forEach(entry -> entry.setAvailabilityStatus(AvailabilityStatus.DEPRECATED));
            }
        }
        return new Response(Status.SUCCESS);
    }

    private QueryResponse query(QueryRegistry request) {
        queries.add(request.getQuery().getClass().getSimpleName() + " " + request.getReturnType());
        List<DocumentEntry> found;
        if (request.getQuery() instanceof FindDocumentsQuery find) {
            found = entries.stream()
                    .filter(entry -> entry.getPatientId().equals(find.getPatientId()))
                    .filter(entry -> find.getStatus().contains(entry.getAvailabilityStatus()))
                    .filter(entry -> find.getTypeCodes() == null || find.getTypeCodes().contains(bare(entry.getTypeCode())))
                    .toList();
        } else if (request.getQuery() instanceof GetDocumentsQuery get) {
            found = entries.stream()
                    .filter(entry -> get.getUniqueIds() != null && get.getUniqueIds().contains(entry.getUniqueId())
                            || get.getUuids() != null && get.getUuids().contains(entry.getEntryUuid()))
                    .toList();
        } else {
            var failure = new QueryResponse(Status.FAILURE);
            failure.getErrors().add(new ErrorInfo(ErrorCode.UNKNOWN_STORED_QUERY, request.getQuery().getType().getId(), Severity.ERROR, null, null));
            return failure;
        }
        var answer = new QueryResponse(Status.SUCCESS);
        if (request.getReturnType() == QueryReturnType.LEAF_CLASS) {
            answer.setDocumentEntries(found);
        } else {
            answer.setReferences(found.stream().map(entry -> new ObjectReference(entry.getEntryUuid())).toList());
        }
        return answer;
    }

    /** As queries write codes, without a display name. */
    private static Code bare(Code code) {
        return new Code(code.getCode(), null, code.getSchemeName());
    }

    private RetrievedDocumentSet retrieve(RetrieveDocumentSet request) {
        var answer = new RetrievedDocumentSet(Status.SUCCESS);
        for (var reference : request.getDocuments()) {
            var content = contents.get(reference.getDocumentUniqueId());
            if (content == null || !REPOSITORY.equals(reference.getRepositoryUniqueId())) {
                answer.getErrors().add(new ErrorInfo(ErrorCode.DOCUMENT_UNIQUE_ID_ERROR, reference.toString(), Severity.ERROR, null, null));
                continue;
            }
            var mimeType = entries.stream().filter(entry -> entry.getUniqueId().equals(reference.getDocumentUniqueId()))
                    .findFirst().orElseThrow().getMimeType();
            var source = new DataHandler(new ByteArrayDataSource(content, mimeType));
            answer.getDocuments().add(new RetrievedDocument(source, reference, null, null, mimeType));
        }
        if (!answer.getErrors().isEmpty()) {
            answer.setStatus(answer.getDocuments().isEmpty() ? Status.FAILURE : Status.PARTIAL_SUCCESS);
        }
        return answer;
    }

    @Override
    public void close() throws Exception {
        tomcat.stop();
        tomcat.destroy();
        camel.stop();
    }
}
