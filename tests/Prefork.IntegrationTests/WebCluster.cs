using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Prefork.IntegrationTests;

/// <summary>
/// A cluster of WebApp workers that listen for HTTP, for HTTPS with HTTP/1 and HTTP/2, and for HTTP/2 in clear text; and where the arguments
/// tell them to listen on 127.0.0.3, that is <see cref="Mutual"/>.
/// </summary>
internal sealed class WebCluster : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCluster _cluster;
    private int _forked;

    private WebCluster(TestCluster cluster) => _cluster = cluster;

    internal TestCluster Cluster => _cluster;

    internal Uri Http { get; private set; } = null!;

    internal Uri Https { get; private set; } = null!;

    internal Uri Http2 { get; private set; } = null!;

    internal Uri Mutual { get; private set; } = null!;

    /// <summary>The file of the certificate of all end points, with the password "secret".</summary>
    internal string Certificate => Path.Combine(_folder.Path, "certificate.pfx");

    internal static async Task<WebCluster> StartAsync(int workers, string arguments = "", IReadOnlyDictionary<string, string?>? environment = null)
    {
        var cluster = new WebCluster(await TestCluster.StartAsync(environment));
        await File.WriteAllBytesAsync(cluster.Certificate, NewCertificate());
        await cluster._cluster.TellAsync(
            $"setup exec={Programs.WebApp} args=--Kestrel:Endpoints:a:Url=http://127.0.0.1:0"
            + $",--Kestrel:Endpoints:b:Url=https://127.0.0.1:0,--Kestrel:Certificates:Default:Path={cluster.Certificate},--Kestrel:Certificates:Default:Password=secret"
            + ",--Kestrel:Endpoints:c:Url=http://127.0.0.2:0,--Kestrel:Endpoints:c:Protocols=Http2"
            + (arguments.Length > 0 ? $",{arguments}" : ""));
        for (var i = 0; i < workers; i++)
        {
            await cluster.ForkAsync();
        }

        return cluster;
    }

    /// <summary>Forks a worker, and waits till it is ready. Returns its id.</summary>
    internal async Task<int> ForkAsync()
    {
        await _cluster.TellAsync("fork");
        var id = ++_forked;
        var urls = (await _cluster.ExpectAsync($"message {id} urls")).Split(' ')[3..].Select(url => new Uri(url)).ToList();
        Http = urls.Single(url => url is { Scheme: "http", Host: "127.0.0.1" });
        Https = urls.Single(url => url is { Scheme: "https", Host: "127.0.0.1" });
        Http2 = urls.Single(url => url.Host == "127.0.0.2");
        Mutual = urls.SingleOrDefault(url => url.Host == "127.0.0.3")!;
        await _cluster.ExpectEverAsync($"ready {id}");
        return id;
    }

    /// <summary>A successor first, then the worker leaves. Ends when it has exited.</summary>
    internal async Task ReplaceAsync(int id)
    {
        await ForkAsync();
        await _cluster.TellAsync($"disconnect {id}");
        await _cluster.ExpectAsync($"exit {id} code=0 signal= asked=True");
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A certificate of nobody's, with the password "secret".</summary>
    internal static byte[] NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.Export(X509ContentType.Pfx, "secret");
    }
}
