var builder = WebApplication.CreateBuilder(args);

// Without `reloadOnChange`: a watcher below the root of the volume sees the first change at most. See README.md.
builder.Configuration.AddKeyPerFile("/mnt/akv/settings", optional: false, reloadOnChange: false);

var app = builder.Build();
app.MapGet("/", (IConfiguration configuration) => $"the password has {configuration["Database:Password"]?.Length} characters");

// The hook of the manifest asks for this after each change.
app.MapPost("/reload", (IConfiguration configuration) =>
{
    ((IConfigurationRoot)configuration).Reload();
    return Results.NoContent();
});
app.Run("http://127.0.0.1:8080");
