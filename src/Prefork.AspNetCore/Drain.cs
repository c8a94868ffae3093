using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore;

/// <summary>
/// How clients of a draining worker are asked to go elsewhere: every HTTP/1 response says <c>Connection: close</c>, and an HTTP/2 connection
/// that still brings requests gets a GOAWAY. A service of one host: others of the same process may go on.
/// </summary>
internal sealed class Drain : IStartupFilter
{
    private readonly ClusterWorker _worker = Cluster.Worker!;
    private readonly Func<object, Task> _sayClose;
    private volatile bool _begun;

    public Drain() => _sayClose = SayClose;

    internal void Begin() => _begun = true;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((RequestDelegate application) => context =>
        {
            OnRequest(context);
            return application(context);
        });
        next(app);
    };

    private void OnRequest(HttpContext context)
    {
        _worker.CountRequest();
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            // Asked when the response starts: the drain may begin while the request is handled.
            context.Response.OnStarting(_sayClose, context.Response);
        }
        else if (_begun && context.Features.Get<IConnectionSocketFeature>() is ClusterConnection connection)
        {
            connection.RequestCloseOfHttp2();
        }
        else if (_begun)
        {
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }

    private Task SayClose(object state)
    {
        var response = (HttpResponse)state;

        // Of a connection that changes its protocol, the header says so.
        if (_begun && response.StatusCode != StatusCodes.Status101SwitchingProtocols)
        {
            response.Headers.Connection = "close";
        }

        return Task.CompletedTask;
    }
}
