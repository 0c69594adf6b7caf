import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Java judges the files: key stores and trust stores, TLS with them, and properties.
 *
 * <pre>java Judge.java WORK</pre>
 *
 * A line for each check; a check that throws anything has failed. P-256K is not here: Java dropped the curve in 16.
 */
public class Judge {
    private static final String HOST = "web.contoso.com";
    private static final int PATIENCE = 10_000;
    private static final char[] EMPTY = {};

    private final Path work;
    private final char[] password;
    private final char[] unicode;
    private final ExecutorService servers = Executors.newCachedThreadPool();

    private Judge(Path work) throws Exception {
        this.work = work;
        this.password = line(work.resolve("password"));
        this.unicode = line(work.resolve("unicode-password"));
    }

    public static void main(String[] arguments) throws Exception {
        Judge judge = new Judge(Path.of(arguments[0]));
        for (String name : List.of("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521")) {
            judge.keyStores(name);
            judge.trustStores(name);
            judge.tls(name);
        }
        check("properties: java.util.Properties", judge::properties);
        judge.servers.shutdownNow();
    }

    private interface Judgement {
        void run() throws Exception;
    }

    private static void check(String name, Judgement judgement) {
        try {
            judgement.run();
            System.out.println("ok java " + name);
        } catch (Throwable error) {
            System.out.println("FAILED java " + name + ": " + abbreviated(String.valueOf(error)));
        }
    }

    /** Certificates print themselves in pages. */
    private static String abbreviated(String text) {
        String line = text.replaceAll("\\s+", " ");
        return line.substring(0, Math.min(line.length(), 300));
    }

    private static void same(String what, Object found, Object expected) {
        if (!expected.equals(found)) {
            throw new IllegalStateException(what + " is " + found + " and not " + expected);
        }
    }

    private static char[] line(Path file) throws Exception {
        return Files.readString(file).replaceFirst("\n$", "").toCharArray();
    }

    // --- Key stores ------------------------------------------------------------------------------------------------

    private void keyStores(String name) {
        check(name + ": modern.p12", () -> keyEntry(name, "modern.p12", "PKCS12", password, name, 2));
        check(name + ": file.p12", () -> keyEntry(name, "file.p12", "PKCS12", password, "web server", 3));
        check(name + ": empty.p12", () -> keyEntry(name, "empty.p12", "PKCS12", EMPTY, name, 2));
        check(name + ": legacy.p12", () -> keyEntry(name, "legacy.p12", "PKCS12", password, name, 2));
        check(name + ": legacy-empty.p12", () -> keyEntry(name, "legacy-empty.p12", "PKCS12", EMPTY, name, 2));
        check(name + ": store.jks", () -> keyEntry(name, "store.jks", "JKS", password, name, 3));
        check(name + ": empty.jks", () -> keyEntry(name, "empty.jks", "JKS", EMPTY, name, 3));
        check(name + ": unicode.jks", () -> keyEntry(name, "unicode.jks", "JKS", unicode, "web server", 3));
        for (String file : List.of("modern.p12", "empty.p12", "store.jks", "empty.jks")) {
            check(name + ": " + file + " opens with no other password", () -> refuses(name, file));
        }
        // Without a password the certificates of a JKS can be read, the key cannot, and nothing proves that they are whole.
        check(name + ": store.jks without its password", () -> {
            KeyStore store = load(name, "store.jks", "JKS", null);
            same("the chain", chain(store, name), pem(name, "full-root.pem"));
            same("the key", store.getKey(name, password).getFormat(), "PKCS#8");
        });
        check(name + ": empty.jks without a password", () -> {
            KeyStore store = load(name, "empty.jks", "JKS", null);
            same("the chain", chain(store, name), pem(name, "full-root.pem"));
        });
    }

    /** The store has one entry: a key that fits the leaf, and a chain of so many certificates. */
    private void keyEntry(String name, String file, String type, char[] password, String alias, int length)
            throws Exception {
        KeyStore store = load(name, file, type, password);
        same("the aliases", Collections.list(store.aliases()), List.of(alias));
        same("the chain", chain(store, alias), pem(name, "full-root.pem").subList(0, length));
        Key key = store.getKey(alias, password);
        byte[] message = "message".getBytes(StandardCharsets.UTF_8);
        Signature signature = Signature.getInstance(key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA");
        signature.initSign((PrivateKey) key);
        signature.update(message);
        byte[] signed = signature.sign();
        signature.initVerify(store.getCertificate(alias));
        signature.update(message);
        same("the signature with the key", signature.verify(signed), true);
        // As programs find the type when they are not told.
        same("the type", KeyStore.getInstance(path(name, file).toFile(), password).getType().toUpperCase(), type);
    }

    private void refuses(String name, String file) throws Exception {
        try {
            load(name, file, file.endsWith("jks") ? "JKS" : "PKCS12", "wrong password".toCharArray());
        } catch (java.io.IOException expected) {
            return;
        }
        throw new IllegalStateException("it opened");
    }

    // --- Trust stores ----------------------------------------------------------------------------------------------

    private void trustStores(String name) {
        check(name + ": trust.p12", () -> trusted(name, load(name, "trust.p12", "PKCS12", password)));
        check(name + ": trust-empty.p12", () -> trusted(name, load(name, "trust-empty.p12", "PKCS12", EMPTY)));
        check(name + ": trust.jks", () -> trusted(name, load(name, "trust.jks", "JKS", password)));
        check(name + ": trust-empty.jks", () -> trusted(name, load(name, "trust-empty.jks", "JKS", EMPTY)));
        check(name + ": trust.jks without its password", () -> trusted(name, load(name, "trust.jks", "JKS", null)));
        check(name + ": trust.p12 opens with no other password", () -> refuses(name, "trust.p12"));
        check(name + ": trust.jks opens with no other password", () -> refuses(name, "trust.jks"));
        // `-Djavax.net.ssl.trustStore`, with and without `trustStorePassword`.
        check(name + ": trust.p12 as the trust store of the process", () -> defaultTrust(name, "trust.p12", password));
        check(name + ": trust.jks as the trust store of the process", () -> defaultTrust(name, "trust.jks", password));
        check(name + ": trust-empty.p12 as the trust store of the process", () -> defaultTrust(name, "trust-empty.p12", EMPTY));
        check(name + ": trust-empty.jks as the trust store of the process", () -> defaultTrust(name, "trust-empty.jks", EMPTY));
    }

    private void trusted(String name, KeyStore store) throws Exception {
        same("the aliases", Collections.list(store.aliases()), List.of(name));
        same("a trusted certificate", store.isCertificateEntry(name), true);
        same("the certificate", List.of(store.getCertificate(name)), pem(name, "ca.pem"));
    }

    /** Java reads the properties whenever a factory is initialised with no store. */
    private void defaultTrust(String name, String file, char[] password) throws Exception {
        System.setProperty("javax.net.ssl.trustStore", path(name, file).toString());
        if (password.length > 0) {
            System.setProperty("javax.net.ssl.trustStorePassword", new String(password));
        }
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
            same("what is trusted", Arrays.asList(manager.getAcceptedIssuers()), pem(name, "ca.pem"));
        } finally {
            System.clearProperty("javax.net.ssl.trustStore");
            System.clearProperty("javax.net.ssl.trustStorePassword");
        }
    }

    // --- TLS -------------------------------------------------------------------------------------------------------

    private void tls(String name) {
        check(name + ": TLS with modern.p12 and trust.p12", () -> serves(name,
                context(load(name, "modern.p12", "PKCS12", password), password, load(name, "trust.p12", "PKCS12", password))));
        check(name + ": TLS with store.jks and trust.jks", () -> serves(name,
                context(load(name, "store.jks", "JKS", password), password, load(name, "trust.jks", "JKS", password))));
        check(name + ": TLS with legacy-empty.p12 and trust-empty.jks", () -> serves(name,
                context(load(name, "legacy-empty.p12", "PKCS12", EMPTY), EMPTY, load(name, "trust-empty.jks", "JKS", null))));
    }

    private static SSLContext context(KeyStore keys, char[] password, KeyStore trust) throws Exception {
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, password);
        TrustManagerFactory others = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        others.init(trust);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), others.getTrustManagers(), null);
        return context;
    }

    /** A server and a client of this context; the client verifies chain and name. */
    private void serves(String name, SSLContext context) throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            server.setSoTimeout(PATIENCE);
            Future<Void> answer = servers.submit((Callable<Void>) () -> {
                try (Socket connection = server.accept()) {
                    connection.setSoTimeout(PATIENCE);
                    connection.getOutputStream().write("served".getBytes(StandardCharsets.UTF_8));
                }
                return null;
            });
            Socket plain = new Socket(loopback, server.getLocalPort());
            plain.setSoTimeout(PATIENCE);
            try (SSLSocket client = (SSLSocket) context.getSocketFactory().createSocket(plain, HOST, plain.getPort(), true)) {
                SSLParameters parameters = client.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                client.setSSLParameters(parameters);
                InputStream in = client.getInputStream();
                same("the answer", new String(in.readAllBytes(), StandardCharsets.UTF_8), "served");
                same("the leaf", List.of(client.getSession().getPeerCertificates()[0]), pem(name, "leaf.pem"));
            }
            answer.get(PATIENCE, TimeUnit.MILLISECONDS);
        }
    }

    // --- Properties ------------------------------------------------------------------------------------------------

    private void properties() throws Exception {
        Properties found = new Properties();
        try (InputStream in = Files.newInputStream(work.resolve("texts/app.properties"))) {
            found.load(in);
        }
        Properties expected = new Properties();
        for (int number = 0; Files.exists(work.resolve("expected/" + number + ".key")); number++) {
            expected.setProperty(
                    Files.readString(work.resolve("expected/" + number + ".key")),
                    Files.readString(work.resolve("expected/" + number + ".value")));
        }
        if (expected.isEmpty()) {
            throw new IllegalStateException("nothing is expected");
        }
        for (String key : expected.stringPropertyNames()) {
            same(key, found.getProperty(key), expected.getProperty(key));
        }
        same("the keys", found.stringPropertyNames(), expected.stringPropertyNames());
    }

    // --- Files -----------------------------------------------------------------------------------------------------

    private Path path(String name, String file) {
        return work.resolve("forms").resolve(name).resolve(file);
    }

    private KeyStore load(String name, String file, String type, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        store.load(new ByteArrayInputStream(Files.readAllBytes(path(name, file))), password);
        return store;
    }

    private static List<Certificate> chain(KeyStore store, String alias) throws Exception {
        Certificate[] chain = store.getCertificateChain(alias);
        if (chain == null) {
            throw new IllegalStateException("there is no chain of " + alias);
        }
        for (int index = 0; index + 1 < chain.length; index++) {
            ((X509Certificate) chain[index]).verify(chain[index + 1].getPublicKey());
        }
        return Arrays.asList(chain);
    }

    private List<Certificate> pem(String name, String file) throws Exception {
        byte[] bytes = Files.readAllBytes(path(name, file));
        return new ArrayList<>(CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes)));
    }
}
