using System.Net.WebSockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Prefork;
using Prefork.AspNetCore;

// With --supervise=N a generic host that supervises so many workers of this same program.
if (Cluster.IsPrimary && new ConfigurationBuilder().AddCommandLine(args).Build()["supervise"] is { } workers)
{
    var host = Host.CreateApplicationBuilder(args);
    host.Services.AddClusterSupervisor(options => options.Workers = int.Parse(workers, System.Globalization.CultureInfo.InvariantCulture));
    await host.Build().RunAsync();
    return;
}

// An ordinary application with the one line. As a worker it tells its primary where it listens; alone it says so on its standard output.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.UseCluster(cluster =>
{
    cluster.DrainTimeout = TimeSpan.FromSeconds(builder.Configuration.GetValue("drain", 5.0));
    cluster.Transport = builder.Configuration.GetValue("transport", ClusterTransport.Prefork);
});
if (builder.Configuration["healthy-when"] is { } file)
{
    // Ready when a file is there: what a test can bring about.
    builder.Services.AddHealthChecks().AddCheck("file", () => File.Exists(file) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
}

if (Environment.GetEnvironmentVariable("STARTS_WHEN") is { } when)
{
    builder.Services.AddHostedService(_ => new SlowStart(when));
}

Behaviour.BeforeStart(Behaviour.Wanted);
var app = builder.Build();
app.UseWebSockets();
app.MapGet("/", () => $"{Cluster.Worker?.Id ?? 0}");
app.MapGet("/who", () => $"{Cluster.Worker?.Id ?? 0} {Environment.GetEnvironmentVariable("PREFORK_WORKER_INDEX")} {Cluster.Worker?.Generation ?? 0} {AppContext.BaseDirectory}");
app.MapGet("/health", () => Environment.GetEnvironmentVariable("BEHAVE") == "sick" ? Results.StatusCode(503) : Results.Ok());
app.MapGet("/behave", (string how) => Behaviour.Now(how));
app.MapGet("/slow", async (int ms) =>
{
    await Task.Delay(ms);
    return "slow";
});
app.MapGet("/block", (int ms) =>
{
    Thread.Sleep(ms);
    return "blocked";
});
app.MapPost("/upload", async (HttpRequest request) =>
{
    var buffer = new byte[65536];
    var total = 0L;
    for (int count; (count = await request.Body.ReadAsync(buffer)) > 0;)
    {
        total += count;
    }

    return $"{total}";
});
app.MapGet("/download", async (HttpResponse response, int mb) =>
{
    var block = new byte[1024 * 1024];
    for (var i = 0; i < mb; i++)
    {
        await response.Body.WriteAsync(block);
    }
});
app.Map("/ws", async context =>
{
    using var socket = await context.WebSockets.AcceptWebSocketAsync();

    // Says goodbye when the worker is to leave; the client answers that, and what it sent before is still echoed.
    using var stopping = app.Lifetime.ApplicationStopping.Register(() => _ = socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, null, CancellationToken.None));
    var buffer = new byte[4096];
    while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } received)
    {
        if (socket.State == WebSocketState.Open)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }

    if (socket.State == WebSocketState.CloseReceived)
    {
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }
});
app.Lifetime.ApplicationStopping.Register(() => _ = SayAsync("stopping"));
try
{
    await app.StartAsync();
    await SayAsync($"urls {string.Join(' ', app.Urls)}");
    Behaviour.AfterStart(Environment.GetEnvironmentVariable("BEHAVE"), app.Lifetime);
    await app.WaitForShutdownAsync();
}
catch (IOException exception)
{
    await SayAsync($"cannot start: {exception.Message} <- {exception.InnerException?.GetType().Name}: {exception.InnerException?.Message}");
}

static async Task SayAsync(string text)
{
    Console.WriteLine(text);
    if (Cluster.Worker is { IsConnected: true } worker)
    {
        try
        {
            await worker.SendAsync(text);
        }
        catch (ClusterChannelClosedException)
        {
            // It leaves, and has said so.
        }
    }
}
