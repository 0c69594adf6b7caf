import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.PKIXParameters;
import java.util.Base64;
import java.util.Collections;

/** Opens key stores: arguments are type, file and password (base64) of each; prints one line for each. */
public class Stores {
    public static void main(String[] arguments) throws Exception {
        for (int at = 0; at < arguments.length; at += 3) {
            byte[] password = Base64.getDecoder().decode(arguments[at + 2]);
            try {
                String text = new String(password, StandardCharsets.UTF_8);
                System.out.println(contents(arguments[at], Path.of(arguments[at + 1]), text.toCharArray()));
            } catch (Exception refusal) {
                System.out.println("refused " + refusal);
            }
        }
    }

    static String contents(String type, Path file, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        try (var in = Files.newInputStream(file)) {
            store.load(in, password);
        }
        StringBuilder found = new StringBuilder();
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                found.append("key ").append(alias).append(' ').append(text(store.getKey(alias, password).getEncoded()));
                for (Certificate certificate : store.getCertificateChain(alias)) {
                    found.append(' ').append(text(certificate.getEncoded()));
                }
            } else {
                int anchors = new PKIXParameters(store).getTrustAnchors().size();
                found.append("trusted ").append(anchors).append(' ').append(alias).append(' ')
                    .append(text(store.getCertificate(alias).getEncoded()));
            }
        }
        return found.toString();
    }

    static String text(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
