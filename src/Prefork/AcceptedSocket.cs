using System.Net.Sockets;

namespace Prefork;

/// <summary>A connection whose end is counted: its listener waits for it on a graceful leave, and the scoreboard shows how many are open.</summary>
internal sealed class AcceptedSocket : Socket
{
    private OpenConnections? _counter;

    internal AcceptedSocket(SafeSocketHandle handle, OpenConnections counter) : base(handle)
    {
        _counter = counter;
        counter.Add();
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Interlocked.Exchange(ref _counter, null)?.Remove();
    }
}
