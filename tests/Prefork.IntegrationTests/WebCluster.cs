using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Prefork.IntegrationTests;

/// <summary>A cluster of WebApp workers that listen for HTTP, for HTTPS with HTTP/1 and HTTP/2, and for HTTP/2 in clear text.</summary>
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

    internal static async Task<WebCluster> StartAsync(int workers, string arguments = "", IReadOnlyDictionary<string, string?>? environment = null)
    {
        var cluster = new WebCluster(await TestCluster.StartAsync(environment));
        var certificate = Path.Combine(cluster._folder.Path, "certificate.pfx");
        await File.WriteAllBytesAsync(certificate, Certificate());
        await cluster._cluster.TellAsync(
            $"setup exec={Programs.WebApp} args=--Kestrel:Endpoints:a:Url=http://127.0.0.1:0"
            + $",--Kestrel:Endpoints:b:Url=https://127.0.0.1:0,--Kestrel:Endpoints:b:Certificate:Path={certificate},--Kestrel:Endpoints:b:Certificate:Password=secret"
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
        Https = urls.Single(url => url.Scheme == "https");
        Http2 = urls.Single(url => url.Host == "127.0.0.2");
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
    internal static byte[] Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.Export(X509ContentType.Pfx, "secret");
    }
}
