using System.Net.Security;
using System.Net.Sockets;

namespace Prefork.Supervision;

internal sealed class HttpGate(Uri address, bool hasPort, TimeSpan timeout) : HealthGate
{
    internal override bool Connects => true;

    public override async Task CheckAsync(WorkerProcess worker, CancellationToken cancellationToken)
    {
        var listener = hasPort ? new ListeningAddress(null, address.Port, "4", null) : null;
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,

            // The connection is one that we have made to our own child; its certificate is for its clients' name.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
            ConnectCallback = async (_, cancellation) =>
                new NetworkStream(await worker.ConnectAsync(listener, cancellation).ConfigureAwait(false), ownsSocket: true),
        };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, deadline.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"GET {address} was answered with {(int)response.StatusCode} {response.ReasonPhrase}");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"GET {address} was not answered within {timeout.TotalSeconds:0.##} s");
        }
        catch (HttpRequestException exception)
        {
            throw new InvalidOperationException($"GET {address} failed: {exception.InnerException?.Message ?? exception.Message}", exception);
        }
    }
}
