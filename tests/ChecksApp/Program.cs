using ChecksApp;
using Microsoft.AspNetCore.DataProtection;
using Prefork;
using Prefork.AspNetCore;

// An application with what breaks when one process becomes many, by the words of WITH; and a service that only one worker may run.
var with = (Environment.GetEnvironmentVariable("WITH") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[^1]);
if (with.ContainsKey("warmup"))
{
    // A host that comes first, and knows the cluster. It leads as long as it runs, and what it gives up when it stops is its own.
    using var first = Host.CreateDefaultBuilder().ConfigureLogging(static logging => logging.ClearProviders()).UseCluster().Build();
    var early = first.Services.GetRequiredService<IClusterContext>();
    await first.StartAsync();
    using (early.IsLeader ? await early.WaitForLeadershipAsync() : null)
    {
        await first.StopAsync();
    }
}

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Error).AddFilter("Prefork.AspNetCore", LogLevel.Debug);
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.UseCluster(options =>
{
    if (with.TryGetValue("checks", out var checks))
    {
        options.StartupChecks = Enum.Parse<ClusterStartupChecks>(checks);
    }
});
var services = builder.Services;
foreach (var (word, argument) in with)
{
    switch (word)
    {
        case "mvc":
            services.AddControllersWithViews();
            break;
        case "name":
            services.AddDataProtection().SetApplicationName(argument);
            break;
        case "ephemeral":
            services.AddDataProtection().SetApplicationName("ChecksApp").UseEphemeralDataProtectionProvider();
            break;
        case "cache":
            services.AddDistributedMemoryCache();
            break;
        case "session":
            services.AddDistributedMemoryCache().AddSession();
            break;
        case "signalr":
            services.AddSignalR();
            break;
        case "blazor":
            services.AddRazorComponents().AddInteractiveServerComponents();
            break;
        case "leader":
            services.AddLeaderHostedService<LockingService>();
            services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(60));
            break;
        case "sqlite":
            builder.Configuration["ConnectionStrings:Default"] = "DataSource=app.db;Cache=Shared";
            break;
    }
}

var app = builder.Build();
if (with.ContainsKey("signalr") || with.ContainsKey("maphub"))
{
    app.MapHub<ChatHub>("/chat");
}

using var opened = with.TryGetValue("open", out var file) ? new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite) : null;
using var own = with.TryGetValue("openown", out var folder) ? new FileStream($"{folder}/{Environment.ProcessId}.log", FileMode.Create, FileAccess.Write) : null;
using var locked = with.TryGetValue("lock", out var database) ? new FileStream(database, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite) : null;
if (OperatingSystem.IsLinux())
{
    locked?.Lock(0, 1);
}

app.MapGet("/", async (int? ms) =>
{
    await SayAsync("serves");
    await Task.Delay(ms ?? 0);
    return "served";
});
app.MapGet("/context", (IClusterContext cluster) => $"{cluster.WorkerId} {cluster.WorkerCount} {cluster.Generation} {cluster.IsLeader}");
await app.StartAsync();
var context = app.Services.GetRequiredService<IClusterContext>();
await SayAsync($"urls {app.Urls.First()} id={context.WorkerId} workers={context.WorkerCount} generation={context.Generation} leader={context.IsLeader}");
await app.WaitForShutdownAsync();

static async Task SayAsync(string text)
{
    if (Cluster.Worker is { } worker)
    {
        await worker.SendAsync(text);
    }
    else
    {
        Console.WriteLine(text);
    }
}
