using System.Net.Sockets;

namespace Prefork.Worker.Intake;

/// <summary>
/// Where a listener's connections come from: by descriptor on a thread (<see cref="DescriptorIntake"/>: lanes and shared sockets),
/// by message (<see cref="ChannelIntake"/>: a Node primary), or straight from the kernel (<see cref="DirectIntake"/>: no cluster).
/// </summary>
internal abstract class ConnectionIntake
{
    /// <summary>The next connection, or null when there will be none. One call at a time.</summary>
    internal abstract ValueTask<ClusterConnectionHandle?> AcceptAsync(CancellationToken cancellation);

    /// <summary>The same, as a socket.</summary>
    internal virtual ValueTask<Socket?> AcceptSocketAsync(CancellationToken cancellation)
    {
        var accept = AcceptAsync(cancellation);
        return accept.IsCompletedSuccessfully ? ValueTask.FromResult(ToSocket(accept.Result)) : AwaitAsync(accept);

        static async ValueTask<Socket?> AwaitAsync(ValueTask<ClusterConnectionHandle?> accept) => ToSocket(await accept.ConfigureAwait(false));

        static Socket? ToSocket(ClusterConnectionHandle? handle) => handle is null ? null : AcceptedSocket.From(handle);
    }

    /// <summary>Ends when nothing more is received, and whoever gives has been told.</summary>
    internal virtual Task Stopped => Task.CompletedTask;

    /// <summary>The worker is leaving: what was handed over is still delivered, then null. Ends by itself.</summary>
    internal abstract void Leave();

    /// <summary>Receives nothing more; what was received is still delivered, then null.</summary>
    internal abstract void Stop();

    /// <summary>Stops, and closes what was received and not delivered.</summary>
    internal abstract void Close();
}
