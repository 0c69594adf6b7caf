import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Prints what Spring Boot reads, but not the values. */
@Configuration
public class Application {
    public static void main(String[] arguments) {
        Environment environment = new SpringApplicationBuilder(Application.class)
            .web(WebApplicationType.NONE)
            .bannerMode(Banner.Mode.OFF)
            .properties("spring.config.import=configtree:/mnt/akv/config/")
            .run(arguments)
            .getEnvironment();
        for (String name : new String[] {"spring.datasource.password", "app.api-key"}) {
            System.out.println(name + " has " + environment.getRequiredProperty(name).length() + " characters");
        }
    }
}
