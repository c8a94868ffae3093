using System.Net.Sockets;
using Prefork.Native;

namespace Prefork.Worker.Intake;

/// <summary>A connection whose end is counted: its listener waits for it on a graceful leave, and the scoreboard shows how many are open.</summary>
internal sealed class AcceptedSocket : Socket
{
    private OpenConnections? _counter;

    private AcceptedSocket(SafeSocketHandle handle, OpenConnections? counter) : base(handle) => _counter = counter;

    internal static AcceptedSocket From(ClusterConnectionHandle connection)
    {
        var number = connection.Release(out var counter);
        return DescriptorSocket.Agreeing(new AcceptedSocket(DescriptorSocket.HandleOf(new FileDescriptor(number)), counter));
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Interlocked.Exchange(ref _counter, null)?.Remove();
    }
}
