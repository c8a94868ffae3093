using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

/// <summary>Says that HTTP/3 was there, and is off. Registered only where QUIC is supported: elsewhere Kestrel has no HTTP/3 anyway.</summary>
internal sealed partial class Http3Notice(ILogger<Http3Notice> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Http3IsOff(logger);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Information, "HTTP/3 is off in a worker: QUIC opens its UDP socket by itself, and workers cannot share it. HTTP/1.1 and HTTP/2 are served. See docs/aspnetcore.md#what-goes-through-the-cluster")]
    private static partial void Http3IsOff(ILogger logger);
}
