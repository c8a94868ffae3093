using System.Net;
using System.Net.Sockets;
using Prefork.Processes;

namespace Prefork.Tests.Processes;

public class ProcessConnectionsTests
{
    [Fact]
    public void AConnection_IsOpen_UntilItIsClosed()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var address = listener.LocalEndPoint!;
        Assert.Equal(false, ProcessConnections.AreOpenTo(Environment.ProcessId, [address]));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(address);
        using var server = listener.Accept();
        Assert.Equal(true, ProcessConnections.AreOpenTo(Environment.ProcessId, [address]));
    }

    [Fact]
    public void OfNoProcess_NothingIsKnown() => Assert.Null(ProcessConnections.AreOpenTo(int.MaxValue, [new IPEndPoint(IPAddress.Loopback, 1)]));
}
