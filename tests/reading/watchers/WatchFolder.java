import java.nio.file.FileSystems;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/** WatchService of Java: java WatchFolder PATH. It takes no files. */
public class WatchFolder {
    public static void main(String[] arguments) throws Exception {
        WatchService service = FileSystems.getDefault().newWatchService();
        try {
            Path.of(arguments[0]).register(service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY,
                StandardWatchEventKinds.ENTRY_DELETE);
        } catch (NotDirectoryException error) {
            System.err.println("refused");
            return;
        }
        System.err.println("ready");
        while (true) {
            WatchKey key = service.take();
            for (WatchEvent<?> event : key.pollEvents()) {
                System.out.println(event.kind() + " " + event.context());
            }
            if (!key.reset()) {
                System.out.println("ended .");
                return;
            }
        }
    }
}
