using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Prefork.Native;
using Prefork.Worker.Intake;

namespace Prefork;

/// <summary>
/// A connection as a bare descriptor, for a transport that makes its own system calls: a <see cref="Socket"/> asks the kernel eleven
/// questions before its first byte. Whoever holds it disposes it; only then does the worker's count of open connections go down.
/// </summary>
public sealed class ClusterConnectionHandle : SafeHandleMinusOneIsInvalid
{
    private readonly OpenConnections? _counter;

    internal ClusterConnectionHandle(int descriptor, OpenConnections? counter) : base(ownsHandle: true)
    {
        SetHandle(descriptor);
        _counter = counter;
        counter?.Add();
    }

    /// <summary>Gives descriptor and count to somebody else, who closes the one and lowers the other.</summary>
    internal int Release(out OpenConnections? counter)
    {
        counter = _counter;
        var number = (int)handle;
        SetHandleAsInvalid();
        return number;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        var closed = Libc.Close((int)handle) == 0;
        _counter?.Remove();
        return closed;
    }
}
