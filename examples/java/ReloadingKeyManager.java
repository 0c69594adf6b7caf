import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * A key manager that reads its key store again when the file has changed, so that a server needs no restart. It looks at the file when
 * a handshake begins. While the new store cannot be read, the old one stays.
 */
public final class ReloadingKeyManager extends X509ExtendedKeyManager {
    private final Path store;
    private final Path password;
    private Object seen;
    private X509ExtendedKeyManager current;

    public ReloadingKeyManager(Path store, Path password) throws Exception {
        this.store = store;
        this.password = password;
        this.seen = look();
        this.current = read();
    }

    private Object look() throws java.io.IOException {
        // The real file behind the links: another one after each change.
        return Arrays.asList(store.toRealPath(), Files.getLastModifiedTime(store));
    }

    private X509ExtendedKeyManager read() throws Exception {
        char[] characters = Files.readString(password).toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, characters);
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, characters);
        for (KeyManager manager : factory.getKeyManagers()) {
            if (manager instanceof X509ExtendedKeyManager) {
                return (X509ExtendedKeyManager) manager;
            }
        }
        throw new GeneralSecurityException("the provider has no manager of X.509 keys");
    }

    private synchronized X509ExtendedKeyManager current() {
        try {
            Object now = look();
            if (!now.equals(seen)) {
                current = read();
                seen = now;
            }
        } catch (Exception error) {
            System.err.println("the key store stays as it was: " + error);
        }
        return current;
    }

    @Override
    public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
        return current().chooseEngineServerAlias(type, issuers, engine);
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
        return current().chooseServerAlias(type, issuers, socket);
    }

    @Override
    public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
        return current().chooseEngineClientAlias(types, issuers, engine);
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
        return current().chooseClientAlias(types, issuers, socket);
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
        return current().getServerAliases(type, issuers);
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
        return current().getClientAliases(type, issuers);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return current().getCertificateChain(alias);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return current().getPrivateKey(alias);
    }
}
