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
