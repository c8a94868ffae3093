/// <summary>
/// Programs whose process is more than one host. What is done to each of their builders is for the caller to say: nothing, or the one line.
/// </summary>
internal static class SeveralHosts
{
    /// <returns>False when there is no such program.</returns>
    internal static async Task<bool> RunAsync(string kind, string url, Action<IHostBuilder> host, Action<WebApplicationBuilder> web)
    {
        switch (kind)
        {
            case "warm-up":
                await WarmUpAsync(host);
                await RunAsync(Build(url, web));
                return true;
            case "two-at-once":
                await TwoAtOnceAsync(url, host, web);
                return true;
            case "one-after-another":
                await OneAfterAnotherAsync(url, host, web);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Two hosts without a server, of which one is stopped and the other stops itself.</summary>
    private static async Task WarmUpAsync(Action<IHostBuilder> prepare)
    {
        using (var first = BuildHost(prepare))
        {
            await first.StartAsync();
            await first.StopAsync();
        }

        using var second = BuildHost(prepare, services => services.AddHostedService<StopsByItself>());
        await second.RunAsync();
    }

    /// <summary>Two servers and a host that has none. Each server can stop itself, and the first one the second.</summary>
    private static async Task TwoAtOnceAsync(string url, Action<IHostBuilder> prepare, Action<WebApplicationBuilder> web)
    {
        await using var first = Build(url, web);
        await using var second = Build("http://127.0.0.1:0", web);
        using var beside = BuildHost(prepare);
        first.MapPost("/stop-second", async () => await second.StopAsync());
        first.MapPost("/stop-beside", async () => await beside.StopAsync());
        first.MapGet("/second", () => second.Urls.Single());
        await Task.WhenAll(first.StartAsync(), beside.StartAsync());
        await second.StartAsync();
        await first.WaitForShutdownAsync();
    }

    /// <summary>A server on the same address again and again, until it has been told to end by something else than a request; between them a host without one.</summary>
    private static async Task OneAfterAnotherAsync(string url, Action<IHostBuilder> prepare, Action<WebApplicationBuilder> web)
    {
        for (var round = 1; ; round++)
        {
            var again = false;
            var number = round;
            await using var app = Build(url, web);
            app.MapGet("/round", () => $"{Environment.ProcessId} {number}");
            app.MapPost("/again", () =>
            {
                again = true;
                app.Lifetime.StopApplication();
            });
            await app.RunAsync();
            if (!again)
            {
                return;
            }

            await WarmUpAsync(prepare);
        }
    }

    private static async Task RunAsync(WebApplication app)
    {
        await using (app)
        {
            await app.RunAsync();
        }
    }

    private static IHost BuildHost(Action<IHostBuilder> prepare, Action<IServiceCollection>? add = null)
    {
        var builder = Host.CreateDefaultBuilder().ConfigureLogging(static logging => logging.ClearProviders()).ConfigureServices(services => add?.Invoke(services));
        prepare(builder);
        return builder.Build();
    }

    private static WebApplication Build(string url, Action<WebApplicationBuilder> prepare)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        prepare(builder);
        var app = builder.Build();
        app.MapGet("/", static () => $"{Environment.ProcessId}");
        return app;
    }

    private sealed class StopsByItself(IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken)
        {
            lifetime.StopApplication();
            return Task.CompletedTask;
        }
    }
}
