using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
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

// With --hosts=KIND several hosts, with the line on each.
if (new ConfigurationBuilder().AddCommandLine(args).Build()["hosts"] is { } several)
{
    await SeveralHosts.RunAsync(several, args[0], static host => host.UseCluster(), static web => web.UseCluster());
    return;
}

// With --builder=KIND the line on another builder.
if (new ConfigurationBuilder().AddCommandLine(args).Build()["builder"] is { } kind)
{
    var other = OtherBuilders.Build(kind, args);
    await other.StartAsync();
    await SayAsync($"urls {OtherBuilders.Urls(other)}");
    await other.WaitForShutdownAsync();
    return;
}

// An ordinary application with the one line. As a worker it tells its primary where it listens; alone it says so on its standard output.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
if (builder.Configuration.GetValue("pretend-quic", false))
{
    builder.Services.AddSingleton<IMultiplexedConnectionListenerFactory, PretendedQuic>();
    builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
}

builder.Services.Configure<SocketTransportOptions>(builder.Configuration.GetSection("Sockets"));

// Where an end point asks for a client's certificate, anybody's will do.
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => https.AllowAnyClientCertificate()));
builder.UseCluster(cluster =>
{
    cluster.DrainTimeout = TimeSpan.FromSeconds(builder.Configuration.GetValue("drain", 5.0));
    cluster.ShareTlsSessions = builder.Configuration.GetValue("share-tls-sessions", true);
    cluster.Transport = builder.Configuration.GetValue("transport", ClusterTransport.Prefork);
});
if (builder.Configuration.GetValue("sockets-last", false))
{
    // The wrong order.
    builder.Services.AddSingleton<IConnectionListenerFactory, SocketTransportFactory>();
}

if (builder.Configuration.GetValue("handle", false))
{
    // A socket of its own, as from systemd's socket activation.
    var own = new TcpListener(IPAddress.Loopback, 0);
    own.Start();
    await SayAsync($"handle {own.LocalEndpoint}");
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenHandle((ulong)own.Server.Handle));
}

if (builder.Configuration["healthy-when"] is { } file)
{
    // Ready when a file is there: what a test can bring about. Until then it fails, or cannot be made.
    builder.Services.AddHealthChecks().AddCheck("file", () => File.Exists(file) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    builder.Services.Configure<ClusterHostOptions>(options => options.WaitForHealthChecks = true);
    if (builder.Configuration.GetValue("gives-up", false))
    {
        builder.Services.Configure<ClusterHostOptions>(options => options.HealthCheckFilter = _ => File.Exists(file) ? true : throw new OperationCanceledException());
    }
}

if (Environment.GetEnvironmentVariable("STARTS_WHEN") is { } when)
{
    builder.Services.AddHostedService(_ => new SlowStart(when));
}

Behaviour.BeforeStart(Behaviour.Wanted);
var app = builder.Build();
Behaviour.OnceBuilt(Behaviour.Wanted, app.Lifetime);
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
app.MapGet("/nodelay", (HttpContext context) => $"{context.Features.Get<IConnectionSocketFeature>()!.Socket.NoDelay}");
app.MapPost("/ignore", (int ms) => Task.Delay(ms));
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
var written = 0;
app.MapGet("/download", async (HttpResponse response, int mb) =>
{
    var block = new byte[1024 * 1024];
    for (var i = 0; i < mb; i++)
    {
        await response.Body.WriteAsync(block);
        Interlocked.Increment(ref written);
    }
});
app.MapGet("/written", () => $"{Volatile.Read(ref written)}");
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
catch (Exception exception) when (exception is IOException or SocketException or InvalidOperationException)
{
    await SayAsync($"cannot start: {exception.GetType().Name}: {exception.Message} <- {exception.InnerException?.GetType().Name}: {exception.InnerException?.Message}");
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
