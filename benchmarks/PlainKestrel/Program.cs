// One process, no cluster: what samples/HelloCluster costs is measured beside this.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "8000"}");

var app = builder.Build();
app.MapGet("/", (HttpResponse response) =>
{
    response.Headers["x-worker"] = $"{0}";
    return "hello world\n";
});
app.Run();
