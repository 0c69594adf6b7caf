import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Properties;

/** Opens the stores that `client.properties` names, in the way of a Kafka client. */
public final class KafkaStores {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(Path.of("/mnt/akv/kafka/client.properties"))) {
            properties.load(in);
        }
        for (String kind : new String[] {"keystore", "truststore"}) {
            KeyStore store = KeyStore.getInstance(properties.getProperty("ssl." + kind + ".type"));
            try (InputStream in = Files.newInputStream(Path.of(properties.getProperty("ssl." + kind + ".location")))) {
                store.load(in, properties.getProperty("ssl." + kind + ".password").toCharArray());
            }
            System.out.println(kind + ": " + store.size() + " entry");
        }
    }
}
