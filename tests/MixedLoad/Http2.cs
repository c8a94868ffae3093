using System.Net;

namespace MixedLoad;

/// <summary>Streams on one connection that all share. HttpClient repeats what a GOAWAY says was not processed, as the protocol has it (RFC 9113, 6.8).</summary>
internal sealed class Http2
{
    private readonly HttpClient _client;
    private readonly Uri _url;

    internal Http2(Uri url)
    {
        _url = url;
        _client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } })
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(20),
        };
    }

    internal async Task<int> RunAsync()
    {
        await _client.GetStringAsync(_url);
        return 1;
    }
}
