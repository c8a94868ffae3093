using System.Diagnostics;
using Microsoft.AspNetCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

// An application that has never heard of Prefork, with each way there is to build a host: UnmodifiedApp BUILDER URL [further arguments]
if (args is not [var kind, var url, ..])
{
    Console.Error.WriteLine("usage: UnmodifiedApp BUILDER URL");
    return 64;
}

switch (kind)
{
    case "default":
        await RunAsync(WebApplication.CreateBuilder());
        return 0;
    case "slim":
        await RunAsync(WebApplication.CreateSlimBuilder());
        return 0;
    case "empty":
        var empty = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        empty.WebHost.UseKestrelCore();
        empty.Services.AddRoutingCore();
        await RunAsync(empty);
        return 0;
    case "generic":
        await Host.CreateDefaultBuilder()
            .ConfigureLogging(static logging => logging.ClearProviders())
            .ConfigureWebHostDefaults(web => web.UseUrls(url).Configure(app => app.UseRouting().UseEndpoints(Map)))
            .Build().RunAsync();
        return 0;
    case "until-enter":
        await using (var app = Build(WebApplication.CreateSlimBuilder()))
        {
            await app.StartAsync();
            Console.ReadLine();
        }

        return 0;
    case "unhealthy":
        // Registers a check for what it does not use: nobody is held to it but who asks for it.
        var checking = WebApplication.CreateSlimBuilder();
        checking.Services.AddHealthChecks().AddCheck("database of others", static () => HealthCheckResult.Unhealthy());
        if (Environment.GetEnvironmentVariable("READY_WHEN") is { } file)
        {
            checking.Services.AddHealthChecks().AddCheck("cache", () => File.Exists(file) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("it is cold"), tags: ["ready"]);
        }

        await using (var app = Build(checking))
        {
            await app.RunAsync();
        }

        return 0;
    case "web-host":
        // As before ASP.NET Core 3: no generic host. It is built again when it has stopped and somebody has asked for that.
        string? again;
        do
        {
            again = null;
#pragma warning disable ASPDEPR004, ASPDEPR008 // Obsolete, and in many programs.
            WebHost.CreateDefaultBuilder(args)
                .ConfigureLogging(static logging => logging.ClearProviders())
                .UseUrls(url)
                .Configure(app => app.UseRouting().UseEndpoints(routes =>
                {
                    Map(routes);
                    routes.MapGet("/again", (IHostApplicationLifetime lifetime) =>
                    {
                        again = "yes";
                        lifetime.StopApplication();
                        return again;
                    });
                }))
                .Build().Run();
#pragma warning restore ASPDEPR004, ASPDEPR008
        }
        while (again is not null);
        return 0;
    case "service":
        // A host without a server.
        await Host.CreateDefaultBuilder().ConfigureLogging(static logging => logging.ClearProviders()).Build().RunAsync();
        return 0;
    case "own-socket":
        var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, new Uri(url).Port);
        listener.Start();
        await Task.Delay(Timeout.Infinite);
        return 0;
    default:
        if (await SeveralHosts.RunAsync(kind, url, static _ => { }, static _ => { }))
        {
            return 0;
        }

        Console.Error.WriteLine($"no such builder: {kind}");
        return 64;
}

async Task RunAsync(WebApplicationBuilder builder)
{
    await using var app = Build(builder);
    await app.RunAsync();
}

WebApplication Build(WebApplicationBuilder builder)
{
    builder.Logging.ClearProviders();
    builder.WebHost.UseUrls(url);
    var app = builder.Build();
    Map(app);
    return app;
}

void Map(IEndpointRouteBuilder routes)
{
    routes.MapGet("/", static () => $"{Environment.ProcessId}");
    routes.MapGet("/arguments", () => string.Join(' ', args));
    routes.MapGet("/variable", static context => context.Response.WriteAsync(Environment.GetEnvironmentVariable($"{context.Request.Query["name"]}") ?? "none"));
    routes.MapGet("/write", static (int lines) =>
    {
        for (var i = 0; i < lines; i++)
        {
            Console.WriteLine(new string('x', 1000));
        }

        return "written";
    });
    routes.MapGet("/folder", static () => Environment.CurrentDirectory);
    routes.MapGet("/environment", static () => string.Join('\n', Variables(Environment.GetEnvironmentVariables().Keys.Cast<string>())));

    // What a program that this one starts is given.
    routes.MapGet("/child", static async () =>
    {
        using var child = Process.Start(new ProcessStartInfo("env") { RedirectStandardOutput = true })!;
        var lines = (await child.StandardOutput.ReadToEndAsync()).Split('\n');
        await child.WaitForExitAsync();
        return string.Join('\n', Variables(lines.Select(static line => line.Split('=')[0])));
    });
}

// The slot's number is meant for the application.
static IEnumerable<string> Variables(IEnumerable<string> names)
    => names.Where(static name => name is "NOTIFY_SOCKET" or "WATCHDOG_USEC" or "LISTEN_FDS" or "FORCE_COLOR" or "NODE_UNIQUE_ID" or "DOTNET_gcServer" or "DOTNET_PROCESSOR_COUNT" || name.StartsWith("NODE_CHANNEL_", StringComparison.Ordinal) || (name.StartsWith("PREFORK_", StringComparison.Ordinal) && name != "PREFORK_WORKER_INDEX") || name.Contains("STARTUP_HOOKS") || name.Contains("HOSTINGSTARTUP") || name.Contains("SpinLimit"));
