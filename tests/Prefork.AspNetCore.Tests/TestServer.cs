using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using KestrelListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Prefork.AspNetCore.Tests;

/// <summary>Which transport carries a server's connections: Kestrel's own sockets, ours, or Kestrel's sockets over connections of ours.</summary>
public enum Carrier
{
    Kestrel,
    Prefork,
    Sockets,
}

/// <summary>A Kestrel on a port of its own. It lives in the test's process, so that a test sees both ends of a connection.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Lazy<X509Certificate2> s_certificate = new(NewCertificate);

    private readonly WebApplication _app;

    private TestServer(WebApplication app, RecordedLog log)
    {
        _app = app;
        Log = log;
    }

    internal RecordedLog Log { get; }

    internal int Port { get; private set; }

    internal IServiceProvider Services => _app.Services;

    /// <summary>A server of HTTP.</summary>
    internal static Task<TestServer> HttpAsync(Carrier carrier, RequestDelegate handler, Setup? setup = null)
        => StartAsync(carrier, handler, setup ?? new Setup(), static _ => { });

    /// <summary>A server of connections without a protocol.</summary>
    internal static Task<TestServer> RawAsync(Carrier carrier, ConnectionDelegate handler, Setup? setup = null)
        => StartAsync(carrier, static _ => Task.CompletedTask, setup ?? new Setup(), listen => listen.Use(_ => handler));

    public async ValueTask DisposeAsync()
    {
        // A test that has failed may have left a handler that does not end.
        using var impatience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _app.StopAsync(impatience.Token);
        await _app.DisposeAsync();
    }

    private static async Task<TestServer> StartAsync(Carrier carrier, RequestDelegate handler, Setup setup, Action<KestrelListenOptions> listen)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var log = new RecordedLog();
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            setup.Kestrel?.Invoke(kestrel);
            void Configure(KestrelListenOptions options)
            {
                if (setup.Https)
                {
                    options.UseHttps(s_certificate.Value);
                }

                listen(options);
            }

            if (setup.UnixPath is { } path)
            {
                kestrel.ListenUnixSocket(path, Configure);
            }
            else
            {
                kestrel.Listen(setup.Address, 0, Configure);
            }
        });
        if (setup.Sockets is { } sockets)
        {
            builder.Services.Configure(sockets);
        }

        if (carrier != Carrier.Kestrel)
        {
            builder.Services.AddSingleton<IConnectionListenerFactory>(services => ActivatorUtilities.CreateInstance<TestListenerFactory>(services, carrier));
        }

        var server = new TestServer(builder.Build(), log);
        server._app.Run(handler);
        await server._app.StartAsync();
        if (setup.UnixPath is null)
        {
            server.Port = new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        }

        return server;
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>What a server of a test has that others have not.</summary>
    internal sealed class Setup
    {
        internal IPAddress Address { get; init; } = IPAddress.Loopback;

        internal string? UnixPath { get; init; }

        internal bool Https { get; init; }

        internal Action<KestrelServerOptions>? Kestrel { get; init; }

        internal Action<SocketTransportOptions>? Sockets { get; init; }
    }
}
