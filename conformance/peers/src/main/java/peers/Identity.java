package peers;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.support.jsse.KeyManagersParameters;
import org.apache.camel.support.jsse.KeyStoreParameters;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.apache.camel.support.jsse.TrustManagersParameters;

/** Who the peer is and whom it trusts: the PEM files of {@code dosebook certs} as key stores. */
record Identity(KeyStore own, KeyStore trusted) {
    static final String PASSWORD = "only in memory";

    static Identity read(Path folder, String name) throws Exception {
        var factory = CertificateFactory.getInstance("X.509");
        var chain = factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(folder.resolve(name + ".pem"))));
        var certificates = chain.toArray(new Certificate[0]);
        var pem = Files.readString(folder.resolve(name + ".key")).replaceAll("-----[A-Z ]+-----", "");
        var encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem));
        var key = KeyFactory.getInstance(certificates[0].getPublicKey().getAlgorithm()).generatePrivate(encoded);

        var own = empty();
        own.setKeyEntry("own", key, PASSWORD.toCharArray(), certificates);
        var trusted = empty();
        var authority = new ByteArrayInputStream(Files.readAllBytes(folder.resolve("ca.pem")));
        trusted.setCertificateEntry("ca", factory.generateCertificate(authority));
        return new Identity(own, trusted);
    }

    SSLContextParameters parameters() {
        var keys = new KeyManagersParameters();
        keys.setKeyStore(parameters(own));
        keys.setKeyPassword(PASSWORD);
        var trust = new TrustManagersParameters();
        trust.setKeyStore(parameters(trusted));
        var parameters = new SSLContextParameters();
        parameters.setKeyManagers(keys);
        parameters.setTrustManagers(trust);
        return parameters;
    }

    SSLContext context() throws Exception {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD.toCharArray());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStoreParameters parameters(KeyStore store) {
        var parameters = new KeyStoreParameters();
        parameters.setKeyStore(store);
        return parameters;
    }

    private static KeyStore empty() throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
