using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Prefork.AspNetCore;

/// <summary>The one line on the builders that bring less than <see cref="WebApplication.CreateBuilder(string[])"/>, with as little else as each allows.</summary>
internal static class OtherBuilders
{
    private static readonly RequestDelegate s_who = static context => context.Response.WriteAsync($"{Prefork.Cluster.Worker?.Id ?? 0}");

    internal static IHost Build(string kind, string[] args) => kind switch
    {
        "slim" => Slim(args),
        "empty" => Empty(args),
        "generic" => Generic(args),
        "web-host" => WebHost(args),
        "handler" => Handler(args),
        _ => throw new ArgumentException($"No builder is called '{kind}'."),
    };

    internal static string Urls(IHost host) => string.Join(' ', host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses);

    private static WebApplication Slim(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.UseCluster();
        var app = builder.Build();
        app.Run(s_who);
        return app;
    }

    /// <summary>No HTTP: each connection reads once, wants no more for some reason, answers, and stays until its client's end is seen.</summary>
    private static WebApplication Handler(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.UseCluster();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Run(static async connection =>
        {
            var closed = new TaskCompletionSource();
            using var registration = connection.ConnectionClosed.Register(closed.SetResult);
            await connection.Transport.Input.ReadAsync();
            await connection.Transport.Input.CompleteAsync(new InvalidOperationException("No more of this."));
            await connection.Transport.Output.WriteAsync("done\n"u8.ToArray());
            await closed.Task;
        })));
        return builder.Build();
    }

    private static WebApplication Empty(string[] args)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = args });
        builder.WebHost.UseKestrelCore();
        builder.UseCluster();
        var app = builder.Build();
        app.Run(s_who);
        return app;
    }

    private static IHost Generic(string[] args) => Host.CreateDefaultBuilder(args)
        .ConfigureLogging(logging => logging.ClearProviders())
        .ConfigureWebHostDefaults(web => web.Configure(app => app.Run(s_who)))
        .UseCluster()
        .Build();

    private static IHost WebHost(string[] args) => Host.CreateDefaultBuilder(args)
        .ConfigureLogging(logging => logging.ClearProviders())
        .ConfigureWebHostDefaults(web => web.Configure(app => app.Run(s_who)).UseCluster())
        .Build();
}
