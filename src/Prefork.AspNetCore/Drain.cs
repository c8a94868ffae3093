using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore;

/// <summary>
/// How clients of a draining worker are asked to go elsewhere: every HTTP/1 response says <c>Connection: close</c>, and an HTTP/2 connection
/// that still brings requests gets a GOAWAY. It is the process that drains, with all of its hosts.
/// </summary>
internal sealed class Drain : IStartupFilter
{
    private static readonly Func<object, Task> s_sayClose = static response =>
    {
        SayClose((HttpResponse)response);
        return Task.CompletedTask;
    };

    private static readonly ClusterWorker s_worker = Cluster.Worker!;
    private static volatile bool s_begun;

    internal static void Begin() => s_begun = true;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (RequestDelegate application) => context =>
        {
            OnRequest(context);
            return application(context);
        });
        next(app);
    };

    private static void OnRequest(HttpContext context)
    {
        s_worker.CountRequest();
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            // Asked when the response starts: the drain may begin while the request is handled.
            context.Response.OnStarting(s_sayClose, context.Response);
        }
        else if (s_begun && context.Features.Get<IConnectionSocketFeature>() is ClusterConnection connection)
        {
            connection.RequestCloseOfHttp2();
        }
        else if (s_begun)
        {
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }

    private static void SayClose(HttpResponse response)
    {
        // Of a connection that changes its protocol, the header says so.
        if (s_begun && response.StatusCode != StatusCodes.Status101SwitchingProtocols)
        {
            response.Headers.Connection = "close";
        }
    }
}
