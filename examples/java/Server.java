import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;

/** An HTTPS server on 127.0.0.1:8443 whose certificate follows the key store. */
public final class Server {
    public static void main(String[] arguments) throws Exception {
        Path files = Path.of("/mnt/akv");
        KeyManager keys = new ReloadingKeyManager(files.resolve("tls/web.p12"), files.resolve("keystore-password"));
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(new KeyManager[] {keys}, null, null);
        HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 8443), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
    }
}
