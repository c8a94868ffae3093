using Prefork.AspNetCore;

var builder = WebApplication.CreateBuilder(args);
builder.UseCluster();
var app = builder.Build();
app.MapGet("/", () => $"hello from process {Environment.ProcessId}\n");
await app.RunClusterAsync(workers: 4);
