using System.Net;
using Prefork;
using Prefork.AspNetCore;

namespace AotTestApp;

internal static class Workers
{
    internal static Task<int> RunAsync() => Environment.GetEnvironmentVariable("KIND") == "web" ? ServeHttpAsync() : ServeSocketsAsync();

    private static async Task<int> ServeSocketsAsync()
    {
        await using var listener = await Cluster.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0));
        await SayAsync($"{listener.LocalEndPoint}");
        while (await listener.AcceptAsync() is { } connection)
        {
            connection.Send("hello from aot\n"u8);
            connection.Dispose();
        }

        await Cluster.Worker!.WaitForDisconnectAsync();
        return 0;
    }

    private static async Task<int> ServeHttpAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.UseCluster();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/", () => $"hello from worker {Cluster.Worker!.Id}");
        await app.StartAsync();
        await SayAsync(new Uri(app.Urls.Single()).Authority);
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static async Task SayAsync(string text) => await Cluster.Worker!.SendAsync(new Greeting(text), AotJson.Default.Greeting);
}
